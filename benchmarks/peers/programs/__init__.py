"""Scripts that run in a peer's interpreter, one per peer; they import the peer, and nothing of disentangle_bench."""
