"""What the command line and the Python interface do: train, evaluate, compare, rank and represent, one module each."""
