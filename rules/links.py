"""Links that partners give."""

from typing import NewType

Url = NewType("Url", str)
"""An absolute https address."""
