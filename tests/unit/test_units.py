"""Units at the edges: what is converted, and what is refused."""

from __future__ import annotations

import pytest

from cryomassage.knowledge.load import load
from cryomassage.knowledge.values import Quantity
from cryomassage.units import UnitError, _linear, parse

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "into", "value"),
    [
        ("50 mm", "m", 0.05),
        ("-196 degC", "degC", -196.0),
        ("−10 °C", "degC", -10.0),
        ("77.35 K", "degC", -195.8),
        ("300 W/m²K", "W/(m^2*K)", 300.0),
        ("15 min", "s", 900.0),
        ("1,5 L", "m^3", 0.0015),
        ("72 bpm", "1/min", 72.0),
        ("2 L/h", "m^3/h", 0.002),
        ("120 mmHg", "mmHg", 120.0),
        ("1e3 mm", "m", 1.0),
    ],
)
def test_reads_numbers_with_units(text: str, into: str, value: float) -> None:
    assert parse(text, into) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("text", ["50", 50, 50.0, "mm", "", "fifty mm", "5 mm 3", None, "-195 degF", "5 parsnips"])
def test_refuses_what_is_not_a_number_with_a_unit(text: object) -> None:
    with pytest.raises(UnitError):
        parse(text, "mm" if text != "-195 degF" else "degC")


def test_refuses_another_dimension() -> None:
    with pytest.raises(UnitError, match="does not measure"):
        parse("50 s", "mm")


def test_every_unit_in_the_knowledge_is_a_unit() -> None:
    seen: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, Quantity):
            seen.add(value.unit)
        elif isinstance(value, dict):
            for item in value.values():
                walk(item)
        elif isinstance(value, tuple):
            for item in value:
                walk(item)
        elif hasattr(value, "model_fields_set"):
            for name in type(value).model_fields:  # type: ignore[attr-defined]
                walk(getattr(value, name))

    walk(load())
    for unit in seen:
        if unit != "1":
            assert _linear(unit, unit)[0] == pytest.approx(1.0), unit
    assert len(seen) > 15
