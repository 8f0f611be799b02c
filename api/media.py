"""Which media type a body has, and which one its answer gets: GraphQL over HTTP, without guessing."""

from functools import lru_cache

RESPONSE = b"application/graphql-response+json"
"""The answer's own type: its status says whether the request was answered."""

JSON = b"application/json"
"""The older type: a well-formed request gets 200, and the errors are in the body."""

HEADER_BYTES_MAX = 1000
"""Longer Accept and Content-Type headers are no honest wish, and the two caches below keep their keys."""

_EXACT = 2


@lru_cache(maxsize=256)
def is_json(content_type: bytes) -> bool:
    """Say whether a body is ``application/json`` in UTF-8: the whole name, and no parameter but ``charset=utf-8``.

    Anything that a browser sends across sites without asking first (forms, text) is not.
    """
    name, *parameters = content_type.lower().split(b";")
    if name.strip(b" \t") != JSON or len(content_type) > HEADER_BYTES_MAX:
        return False
    return all(parameter.strip(b" \t") in {b"charset=utf-8", b'charset="utf-8"'} for parameter in parameters)


@lru_cache(maxsize=256)
def negotiate(accept: bytes) -> bytes | None:
    """Return the media type that ``accept`` prefers, or None when it wants neither.

    Named types win over wildcards; where both are named alike the answer's own type wins, and where nothing is named
    (no header, ``*/*``) the older one, which every client understands.
    """
    if not accept.strip():
        return JSON
    if len(accept) > HEADER_BYTES_MAX:
        return None
    ranges = dict(filter(None, map(_range, accept.lower().split(b","))))
    (own, own_match), (plain, plain_match) = _preference(ranges, RESPONSE), _preference(ranges, JSON)
    if max(own, plain) == 0:
        return None
    own_rank, plain_rank = (own, own_match), (plain, plain_match)
    return RESPONSE if own_rank > plain_rank or (own_rank == plain_rank and own_match == _EXACT) else JSON


def _range(part: bytes) -> tuple[bytes, float] | None:
    """Return one media range and its weight, or None when the part cannot be read."""
    name, *parameters = (piece.strip(b" \t") for piece in part.split(b";"))
    weight = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition(b"=")
        if key == b"q":
            try:
                weight = float(value)
            except ValueError:
                return None
    return (name, weight) if name and 0 <= weight <= 1 else None


def _preference(ranges: dict[bytes, float], media: bytes) -> tuple[float, int]:
    """Return the weight of ``media`` and how closely it was named: the closest range decides, also when it says 0."""
    for closeness, name in ((_EXACT, media), (1, b"application/*"), (0, b"*/*")):
        if name in ranges:
            return ranges[name], closeness
    return 0.0, 0
