"""Maps of the zones with a value each: coloured evenly, hatched, labelled, with a bar, so that they also print."""

from __future__ import annotations

from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from cryomassage_clinic.charting.drawing import zone_name
from cryomassage_clinic.charting.pictures import Picture, Shape, home_of

# An even scale from cold to warm (points of viridis by its authors, CC0), dark to light: it prints in grey too.
_COLOURS = (
    (68, 1, 84),
    (71, 44, 122),
    (59, 81, 139),
    (44, 113, 142),
    (33, 144, 141),
    (39, 173, 129),
    (92, 200, 99),
    (170, 220, 50),
    (253, 231, 37),
)
_BAR_STEPS = 24
_BAR_TOP, _BAR_HEIGHT, _BAR_WIDTH = 40, 360, 18


@dataclass(frozen=True)
class Coloured:
    """One zone with its colour and label."""

    d: str
    fill: str
    ink: str
    x: float
    y: float
    label: str
    name: str


@dataclass(frozen=True)
class Step:
    """One piece of the bar."""

    y: float
    height: float
    fill: str


def colour_at(share: float) -> str:
    """The colour at a share of the scale, 0 the coldest."""
    place = min(max(share, 0.0), 1.0) * (len(_COLOURS) - 1)
    index = min(int(place), len(_COLOURS) - 2)
    part = place - index
    mixed = [round(a + (b - a) * part) for a, b in zip(_COLOURS[index], _COLOURS[index + 1], strict=True)]
    return "#" + "".join(f"{value:02x}" for value in mixed)


def _ink_on(fill: str) -> str:
    red, green, blue = (int(fill[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in (red, green, blue)]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if light > 0.179 else "#ffffff"


def _coloured(shape: Shape, value: float, unit: str, share: float) -> Coloured:
    fill = colour_at(share)
    return Coloured(
        shape.d,
        fill,
        _ink_on(fill),
        shape.label[0],
        shape.label[1],
        f"{value:.0f}",
        f"{zone_name(shape.zone, shape.side)}: {value:.1f} {unit}",
    )


def zone_map_svg(
    values: dict[str, float],
    *,
    unit: str,
    low: float,
    high: float,
    floor: float | None = None,
    title: str,
) -> SafeString:
    """The zones on their pictures, each coloured by its value.

    Args:
        values: by key of the zone; zones that no picture shows are left out of the drawing and stay in the list.
        unit: of the values, as written beside the bar.
        low: value at the cold end of the scale.
        high: value at its warm end.
        floor: the limit that no skin may pass; drawn as a line on the bar.
        title: what the map shows, for the caption and for screen readers.
    """
    span = (high - low) or 1.0
    homes: dict[str, Picture] = {}
    for zone in values:
        home = home_of(zone)
        if home is not None:
            homes.setdefault(home.key, home)
    drawn = [
        (
            picture,
            [
                _coloured(shape, values[shape.zone], unit, (values[shape.zone] - low) / span)
                for shape in picture.shapes
                if shape.zone in values
            ],
        )
        for picture in homes.values()
    ]
    height = _BAR_HEIGHT / _BAR_STEPS
    bar = [
        Step(_BAR_TOP + index * height, height + 0.5, colour_at(1.0 - (index + 0.5) / _BAR_STEPS))
        for index in range(_BAR_STEPS)
    ]
    floor_y = None if floor is None else _BAR_TOP + _BAR_HEIGHT * (1.0 - min(max((floor - low) / span, 0.0), 1.0))
    told = {
        "title": title,
        "unit": unit,
        "pictures": drawn,
        "bar": bar,
        "bar_top": _BAR_TOP,
        "bar_bottom": _BAR_TOP + _BAR_HEIGHT,
        "bar_width": _BAR_WIDTH,
        "low": "" if floor_y is not None and _BAR_TOP + _BAR_HEIGHT - floor_y < 22 else f"{low:.0f}",
        "high": f"{high:.0f}",
        "floor": None if floor is None else f"{floor:.0f}",
        "floor_y": floor_y,
        "listed": [(zone_name(zone), f"{value:.1f} {unit}") for zone, value in values.items()],
    }
    return render_to_string("charting/parts/zone_map.html", told)
