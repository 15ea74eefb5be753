"""Encoders and generators of other people: found in a module or a file, given images as they take them."""
