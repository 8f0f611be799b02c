"""Who asks. ``auth/`` makes a viewer, ``resolvers/`` judge by it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Viewer:
    """The caller of one request, as far as row rules need to know it."""

    signed_in: bool


ANONYMOUS = Viewer(signed_in=False)
"""Anybody: sees what is public."""
