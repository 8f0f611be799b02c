"""Jobs: when what failed is tried again."""

RETRIES_S = (5, 15, 60, 300, 900, 3_600, 10_800, 43_200)
"""Pauses after each failure: short ones first, as most failures pass at once; 17 hours in all, longer than a night."""

JITTER = 0.2
"""Those who failed together do not come back together."""


def retry_in_s(attempts: int, chance: float) -> float | None:
    """Return the seconds to wait after failure number ``attempts``, or None when that was the last try.

    ``chance`` is a number from 0 to 1 that spreads the retries of many jobs.
    """
    if attempts > len(RETRIES_S):
        return None
    return RETRIES_S[max(attempts, 1) - 1] * (1 - JITTER + 2 * JITTER * chance)
