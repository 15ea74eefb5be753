"""What the command line and Python call: a module for each thing to do, such as train, evaluate, compare and rank."""
