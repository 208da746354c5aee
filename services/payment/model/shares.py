"""A word for who has which part."""

from __future__ import annotations

from typing import NamedTuple


class Shares(NamedTuple):
    """Parts, in minor units, of what the buyer paid for a line: of the seller (subsidies left aside), of promoter and platform."""

    seller: int
    promoter: int
    platform: int
