"""Information of codes about factors, in nats and shares of entropy: MIG and its variants, modularity, InfoMEC."""
