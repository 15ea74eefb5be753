"""How fast training is: against the machine, against plain PyTorch loops, and for each of its choices."""
