"""What codes do to generated images: mutual information, traversals, path length, image measures."""
