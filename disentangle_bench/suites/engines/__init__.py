"""Where cells are worked on: processes of this machine, jobs of a Slurm cluster, tasks of a Ray cluster."""
