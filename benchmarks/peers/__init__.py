"""Side by side with other programs: scores and times on the same arrays."""
