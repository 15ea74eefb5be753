"""What codes do to generated images: mutual information, traversals, VP, path length, image measures."""
