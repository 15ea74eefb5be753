"""What codes say of factors, in nats and shares of entropy: MIG and its kin, modularity, InfoMEC."""
