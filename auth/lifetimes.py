"""How long things live that are issued here. Short where nobody looks them up, long where each use is checked."""

from datetime import timedelta
from typing import Final

ACCESS_TOKEN: Final = timedelta(minutes=5)
"""Checked without the database, so that this is how long a process would trust one if it heard of no ending."""
ID_TOKEN: Final = timedelta(minutes=5)
CODE: Final = timedelta(seconds=60)
"""FAPI 2.0 Security Profile, section 5.3.2.1: 60 seconds at most."""
PUSHED: Final = timedelta(seconds=90)
"""Within this a browser must come with a pushed request (RFC 9126)."""
PUSHED_WITH_SIGN_IN: Final = timedelta(minutes=20)
"""Within this the person must have signed in and decided, once the browser has come."""
DEVICE: Final = timedelta(minutes=10)
DEVICE_INTERVAL: Final = timedelta(seconds=5)
"""How often a device may ask whether it was let in (RFC 8628)."""

GRANT: Final = timedelta(days=90)
"""After this a person is asked again, however often the application came by."""
GRANT_IDLE: Final = timedelta(days=30)
"""An application that does not come by for so long is not expected back."""
OWN_GRANT: Final = timedelta(days=30)
OWN_GRANT_IDLE: Final = timedelta(days=1)
"""The programme's own applications live in a browser in which one can simply sign in again."""

LOST_ANSWER: Final = timedelta(seconds=10)
"""Within this the same key may ask again for an answer that it did not get."""

ASSERTION_MAX: Final = timedelta(minutes=5)
"""How far ahead the end of a client's assertion may lie."""
PROOF_OLD: Final = timedelta(seconds=60)
CLOCKS_APART: Final = timedelta(seconds=30)
"""How far ahead of ours another clock may be. FAPI 2.0 asks for 10 seconds to be accepted and 60 to be refused."""
