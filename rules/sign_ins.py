"""Signing in: how long sessions, codes and links live, how fast anybody may guess, and where a browser may go next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

IDLE: Final = timedelta(hours=8)
LIFE: Final = timedelta(days=30)
STAFF_IDLE: Final = timedelta(minutes=30)
STAFF_LIFE: Final = timedelta(hours=8)
"""What the office may see and do is worth more than a day's sign-ins (NIST SP 800-63B, section 2.2.3)."""

SIGN_IN_LIFE: Final = timedelta(minutes=15)
"""From the right password to the second proof: time for three codes."""
CODE_LIFE: Final = timedelta(minutes=5)
CODE_TRIES_MAX: Final = 5
CODES_PER_HOUR: Final = 3
LINK_LIFE: Final = timedelta(minutes=30)
LINKS_PER_HOUR: Final = 3
DEVICE_LIFE: Final = timedelta(days=400)
"""As long as browsers keep a cookie."""
FRESH: Final = timedelta(minutes=10)
"""How recently somebody must have signed in to change how he signs in."""

RETURN_LENGTH_MAX: Final = 4_096
RETURN_PATHS: Final = ("/oauth/authorize", "/device", "/account")
"""Where a sign-in may lead. What else somebody wrote into a link is not followed."""
HOME: Final = "/account"


def session_ends(*, authenticated_at: datetime, last_seen_at: datetime, staff: bool) -> datetime:
    """Return when a browser must sign in again: after a time without a request, and in any case after another."""
    idle, life = (STAFF_IDLE, STAFF_LIFE) if staff else (IDLE, LIFE)
    return min(last_seen_at + idle, authenticated_at + life)


@dataclass(frozen=True, slots=True)
class Limit:
    """How often something may be tried: ``free`` times, then each time after twice as long a wait, ``cap`` at most.

    All is forgotten ``window`` after the last try. Without a ``base``, there are ``free`` tries in each window.
    """

    name: str
    free: int
    window: timedelta
    base: timedelta = timedelta(0)
    cap: timedelta = timedelta(0)


PASSWORD_BY_STRANGERS: Final = Limit("password", 5, timedelta(hours=24), timedelta(seconds=2), timedelta(minutes=15))
"""For one account, by all browsers together that nobody signed in from before: some hundred guesses a day."""
PASSWORD_BY_DEVICE: Final = Limit(
    "password-device", 10, timedelta(hours=24), timedelta(seconds=2), timedelta(minutes=15)
)
"""For one account by a browser that it was used from. Strangers cannot use it up, so they lock nobody out."""
AUTHENTICATOR: Final = Limit("authenticator", 5, timedelta(hours=24), timedelta(seconds=2), timedelta(minutes=15))
"""For the second factor of one account; each guess needs the right password first. By device, too."""
CODES: Final = Limit("codes", CODES_PER_HOUR, timedelta(hours=1))
"""Codes sent to one contact, which costs somebody else's money and patience. Known browsers have their own three."""
LINKS: Final = Limit("links", LINKS_PER_HOUR, timedelta(hours=1))
DEVICE_CODES: Final = Limit("device-codes", 10, timedelta(minutes=15))
"""Codes of devices that one session may try: of 20^8 possible ones."""
FAILURES_BY_NETWORK: Final = Limit("network", 300, timedelta(minutes=10))
"""Failures from one network. Coarse: a whole town may come out of one address, and known browsers are not asked."""
LINKS_BY_NETWORK: Final = Limit("links-network", 60, timedelta(minutes=10))


def own_path(wanted: str | None) -> str:
    """Return where a browser goes after it has signed in: a page of ours that ``wanted`` names, else its account."""
    if not wanted or len(wanted) > RETURN_LENGTH_MAX or not wanted.isascii() or not wanted.isprintable():
        return HOME
    path = wanted.partition("?")[0]
    if path not in RETURN_PATHS or any(each in wanted for each in '\\#"<> '):
        return HOME
    return wanted
