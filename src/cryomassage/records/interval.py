"""How a number spreads over the virtual skins."""

from __future__ import annotations

from cryomassage.records.base import Record


class Interval(Record):
    """5, 50 and 95 % of the virtual skins lie at or below these values."""

    p05: float
    p50: float
    p95: float
