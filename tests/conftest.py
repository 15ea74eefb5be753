"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# A busy machine is no failure, and a suite that passes once passes again: no deadlines, no fresh randomness.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")
