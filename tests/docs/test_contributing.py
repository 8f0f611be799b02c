"""The write that the page for contributors follows is the one that is there."""

import re

from tests.docs.reading import DOCS, ROOT, section


def test_a_write_is_shown_as_it_stands_in_its_files() -> None:
    shown = section(DOCS / "contributing.md", "Follow a write")
    files = "\n".join((ROOT / file).read_text(encoding="utf-8") for file in re.findall(r"`((?:\w+/)+\w+\.py)`:", shown))
    blocks = re.findall(r"^```py\n(.*?)^```$", shown, re.MULTILINE | re.DOTALL)

    missing = [block for block in blocks if block not in files]

    assert len(blocks) == 5
    assert missing == [], "Paste what the file says now."
