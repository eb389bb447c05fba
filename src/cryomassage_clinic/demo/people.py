"""Who lives in the demo: nobody real."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class DemoClient:
    """One invented client and what is to be seen on them."""

    name: str
    birth_date: datetime.date
    sex: str
    phototype: str
    phone: str
    indication: str
    zones: tuple[str, ...]
    method: str
    source: str
    answers: dict[str, Any] = field(default_factory=dict)  # that differ from "no"
    far: str = "planned"  # how far: wish, screened, consented, planned, approved, booked
    test_spot_days: int | None = None  # so many days ago, read and clear
    language: str = "en"


CLIENTS = (
    DemoClient(
        "Anna Petrova",
        datetime.date(1996, 5, 17),
        "female",
        "ii",
        "+44 20 7946 0101",
        "oily_skin",
        ("cheek", "chin"),
        "ln2_swab",
        "ln2_swab",
        far="booked",
        test_spot_days=6,
    ),
    DemoClient(
        "Grace Okafor",
        datetime.date(1988, 2, 3),
        "female",
        "v",
        "+44 20 7946 0102",
        "slight_swelling",
        ("cheek",),
        "ice_massage",
        "ice_cloth",
        far="planned",
    ),
    DemoClient(
        "Ivan Smirnov",
        datetime.date(1979, 11, 21),
        "male",
        "iii",
        "+44 20 7946 0103",
        "oily_skin",
        ("forehead", "nose"),
        "ln2_swab",
        "ln2_swab",
        far="approved",
    ),
    DemoClient(
        "Vera Larsen",
        datetime.date(1961, 8, 9),
        "female",
        "i",
        "+44 20 7946 0104",
        "tone_prevention",
        ("cheek", "forehead"),
        "ice_massage",
        "ice_cloth",
        answers={"cold_hives": "yes"},
        far="screened",
    ),
    DemoClient(
        "Noor Haddad",
        datetime.date(1993, 4, 30),
        "female",
        "iv",
        "+44 20 7946 0105",
        "oily_skin",
        ("cheek",),
        "ln2_swab",
        "ln2_swab",
        answers={"raynaud": "unsure"},
        far="screened",
    ),
    DemoClient(
        "Rosa Silva",
        datetime.date(2000, 1, 12),
        "female",
        "iii",
        "+44 20 7946 0106",
        "oily_skin",
        ("chin",),
        "ln2_swab",
        "ln2_swab",
        far="wish",
    ),
)
