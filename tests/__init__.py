"""The tests, as a package, so that no other that is named so is found before it."""
