"""Open the drawer: in a wheel the rooms lie in this folder, and this makes them importable by their own names.

A wheel must not drop packages called ``schema`` or ``auth`` into somebody's site-packages; in the repository the
rooms are top-level packages and the inserted folder holds nothing else.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
