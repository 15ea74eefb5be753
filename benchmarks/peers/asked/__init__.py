"""Scripts that run in a peer's interpreter, one a peer; they import the peer, and nothing of disentangle_bench."""
