"""From a dataset's declared files to verified paths: sources, downloads, hashes, the cache."""
