"""The colour of skin from a pair of photographs, each corrected by a reference of known colour in view.

In linear light each channel is scaled so that the reference takes its known colour: this mends exposure and tint.
What is uncertain is drawn: the colour of the reference, which is the same in both pictures and so cancels in good
part; the light of each patch, from the spread of its parts; and what one reference cannot mend.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from cryomassage.engine.skin_colour import (
    Lab,
    Reflectance,
    colour_difference,
    erythema_index,
    to_lab,
    to_reflectance,
)
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.colour_space import Colour, difference_2000, hex_of
from cryomassage.planning.spread import interval
from cryomassage.planning.virtual_skin import Quantiles, spread_out
from cryomassage.records.body_response import ColourResponse
from cryomassage.records.colour_measurement import (
    ColourMeasurement,
    MeasuredChange,
    PatchColour,
    PredictedChange,
    Rectangle,
)

_DRAWS = 2_000
_SEED = 20_261_125

Draws = Float[np.ndarray, " draws"]


@dataclass(frozen=True)
class Patch:
    """A part of a picture: the linear light of its parts, which are large beside pixels, in red, green and blue."""

    rectangle: Rectangle
    parts: Float[np.ndarray, "parts channels"]

    @property
    def light(self) -> Float[np.ndarray, " channels"]:
        """Mean of the patch."""
        return np.asarray(self.parts.mean(axis=0))


@dataclass(frozen=True)
class Picture:
    """Skin and reference in one picture."""

    name: str
    skin: Patch
    reference: Patch


@dataclass(frozen=True)
class _Read:
    """The colour of the skin in one picture, drawn."""

    colour: Lab
    index: Draws


def grey_card(knowledge: Knowledge) -> Colour:
    """The colour of the reference where none is given."""
    tint = knowledge.colour["grey_card_tint"].quantity.value
    return (knowledge.colour["grey_card_lightness"].quantity.value, tint, tint)


def _reference(given: Colour | None, knowledge: Knowledge, quantiles: Quantiles) -> Lab:
    """Draws of the known colour of the reference."""
    if given is None:
        quantities = [knowledge.colour[key].quantity for key in ("grey_card_lightness", *["grey_card_tint"] * 2)]
        return Lab(*(spread_out(quantity, quantiles.next()) for quantity in quantities))
    error = knowledge.colour["reference_error"].quantity
    return Lab(*(value + spread_out(error, quantiles.next()) for value in given))


def _light(patch: Patch, generator: np.random.Generator) -> Float[np.ndarray, "draws channels"]:
    """Draws of the mean light of a patch: parts chosen again and again, with their channels kept together."""
    count = len(patch.parts)
    return np.asarray(patch.parts[generator.integers(0, count, (_DRAWS, count))].mean(axis=1))


def _read(
    picture: Picture, known: Reflectance, knowledge: Knowledge, quantiles: Quantiles, generator: np.random.Generator
) -> _Read:
    gain = np.stack([np.asarray(part) for part in known], axis=1) / _light(picture.reference, generator)
    corrected = _light(picture.skin, generator) * gain
    repeat = knowledge.colour["photo_repeat"].quantity
    plain = to_lab(Reflectance(*corrected.T))
    # The range is that of a difference between two pictures: each has its part.
    colour = Lab(*(part + spread_out(repeat, quantiles.next()) / np.sqrt(2.0) for part in plain))
    return _Read(colour, np.asarray(erythema_index(to_reflectance(colour))))


def _told_patch(picture: Picture, read: _Read) -> PatchColour:
    lightness, a_star, b_star = (interval(np.asarray(part)) for part in read.colour)
    return PatchColour(
        picture=picture.name,
        skin=picture.skin.rectangle,
        reference=picture.reference.rectangle,
        lightness=lightness,
        a_star=a_star,
        b_star=b_star,
        erythema_index=interval(read.index),
        srgb=hex_of((lightness.p50, a_star.p50, b_star.p50)),
    )


def _change(before: _Read, after: _Read, visible: float) -> MeasuredChange:
    lightness, a_star, b_star = (
        interval(np.asarray(now) - np.asarray(then)) for now, then in zip(after.colour, before.colour, strict=True)
    )
    pairs = (np.stack([np.asarray(part) for part in read.colour], axis=1).tolist() for read in (before, after))
    eyes = [difference_2000(tuple(then), tuple(now)) for then, now in zip(*pairs, strict=True)]
    difference = interval(np.asarray(colour_difference(before.colour, after.colour)))
    told: Literal["paler", "redder", "no change to see"] = "no change to see"
    if difference.p50 > visible and a_star.p95 < 0.0:
        told = "paler"
    elif difference.p50 > visible and a_star.p05 > 0.0:
        told = "redder"
    return MeasuredChange(
        lightness=lightness,
        a_star=a_star,
        b_star=b_star,
        erythema_index=interval(after.index - before.index),
        difference_ab=difference,
        difference_2000=interval(np.asarray(eyes)),
        told=told,
    )


def compare(
    change: MeasuredChange, zone: str, name: str, response: ColourResponse, moment_s: float | None
) -> PredictedChange:
    """Hold a measured change against the prediction of one zone.

    Args:
        change: from the photographs.
        zone: its key.
        name: its name.
        response: what was predicted.
        moment_s: when the second picture was taken, after the first touch; the palest moment where it is None.
    """
    rest = min(response.swatches, key=lambda swatch: swatch.time_s)
    palest = min(response.swatches, key=lambda swatch: swatch.a_star)
    told = palest if moment_s is None else min(response.swatches, key=lambda one: abs(one.time_s - moment_s))
    low, high = told.a_star_low - rest.a_star, told.a_star_high - rest.a_star
    agrees: Literal["inside", "outside", "cannot tell"] = "cannot tell"
    if low <= change.a_star.p50 <= high:
        agrees = "inside"
    elif change.a_star.p95 < low or change.a_star.p05 > high:
        agrees = "outside"
    return PredictedChange(
        zone=zone,
        name=name,
        time_s=told.time_s,
        words=told.words,
        a_star_low=round(low, 2),
        a_star=round(told.a_star - rest.a_star, 2),
        a_star_high=round(high, 2),
        erythema_index=response.erythema_index_change if told is palest else None,
        seen=response.seen,
        agrees=agrees,
    )


def _notes(change: MeasuredChange, phototype: str | None, seen: bool | None, knowledge: Knowledge) -> tuple[str, ...]:
    notes = []
    if phototype is not None and not knowledge.skin_colour[phototype].pallor_seen:
        notes.append(knowledge.skin_colour[phototype].seen_reason.text)
    elif seen is False:
        notes.append("The plan does not count on colour for this person: go by time, touch and feeling.")
    if change.a_star.p05 <= 0.0 <= change.a_star.p95:
        notes.append("The change of redness is not larger than what the two pictures may differ by themselves.")
    notes.append("A photograph measures colour; it does not tell whether skin is frozen, burnt or ill.")
    return tuple(notes)


def measure_colour(
    before: Picture,
    after: Picture,
    reference: Colour | None,
    knowledge: Knowledge,
    phototype: str | None = None,
    predicted: tuple[str, str, ColourResponse] | None = None,
    moment_s: float | None = None,
) -> ColourMeasurement:
    """Measure the change of colour between two pictures, and hold it against a prediction where there is one.

    Args:
        before: the skin before the cold, with the reference.
        after: the same skin later, with the same reference.
        reference: known colour of the reference; a grey card where it is None.
        knowledge: kinds `colour` and `skin_colour`.
        phototype: "i" to "vi", for what is said about it.
        predicted: key, name and response of the zone.
        moment_s: when the second picture was taken, after the first touch.
    """
    quantiles, generator = Quantiles(_DRAWS, _SEED), np.random.Generator(np.random.Philox(_SEED + 1))
    known = to_reflectance(_reference(reference, knowledge, quantiles))
    reads = [_read(picture, known, knowledge, quantiles, generator) for picture in (before, after)]
    visible = knowledge.colour["visible_difference"].quantity.value
    change = _change(reads[0], reads[1], visible)
    prediction = None if predicted is None else compare(change, *predicted, moment_s)
    return ColourMeasurement(
        before=_told_patch(before, reads[0]),
        after=_told_patch(after, reads[1]),
        change=change,
        visible_difference=visible,
        prediction=prediction,
        notes=_notes(change, phototype, None if prediction is None else prediction.seen, knowledge),
    )
