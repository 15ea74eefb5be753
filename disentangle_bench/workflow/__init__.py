"""What the command line and Python call: train, evaluate, compare, rank, represent, sample and check, a module each."""
