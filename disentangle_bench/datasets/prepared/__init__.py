"""Images that take long to make: decoded, resized or unpacked once, and kept in the cache."""
