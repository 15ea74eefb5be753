"""Distances between generated and real images in the features of a network."""
