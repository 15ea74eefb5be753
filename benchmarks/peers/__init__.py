"""Side by side with other programs: the same arrays, their numbers and ours, their seconds and ours."""
