"""Texts that partners write: how long they may be, and what may not stand in them."""

import re
from typing import Final

NOT_TEXT: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""Controls but for tab and line feed, and halves of characters: no page shows them and PostgreSQL refuses some."""


def is_text(text: str, *, length_max: int) -> bool:
    """Return whether ``text`` says something, in at most ``length_max`` characters that can be shown."""
    return bool(text.strip()) and len(text) <= length_max and NOT_TEXT.search(text) is None
