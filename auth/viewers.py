"""From the credentials of a request to the viewer that row rules judge."""

from engine.errors import Code, Rejected
from rules.access import ANONYMOUS, Viewer


def identify(authorization: bytes | None) -> Viewer:
    """Return who calls, by the ``Authorization`` header as it came.

    Raises:
        Rejected: UNAUTHENTICATED for any credentials: this server has no sign-in, and a caller who believes to be
            signed in must not be answered as a stranger.
    """
    if authorization is None:
        return ANONYMOUS
    raise Rejected(
        Code.UNAUTHENTICATED,
        "This server accepts no tokens: sign-in is not part of this release. "
        "Send the request without an Authorization header to read what is public.",
    )
