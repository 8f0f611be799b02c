"""Money is whole rupiah; a share of it is basis points."""

from typing import NewType

Rupiah = NewType("Rupiah", int)
"""An amount in whole Indonesian rupiah. Totals overflow 32 bits: wave 1 alone was costed at Rp596,794,050,000."""

COMMISSION_CAP_BP = 1_500
"""A marketplace keeps at most 15 % of a course's price, in basis points. Source: Permenko 11/2020."""
