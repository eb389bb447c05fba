"""When the skin of a population pales, when its colour is back, when it reddens, and how that looks.

A skin is drawn with its own resting colour, blood and optics; the volume of its blood over time comes from its
vessels. What counts as seen is a change of colour larger than the eye's threshold. Colour counts as back when the
blood is, which can be told on skin too dark to see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from jaxtyping import Bool, Float

from cryomassage.engine.skin_colour import (
    Lab,
    SkinOptics,
    colour_difference,
    erythema_index,
    green_absorption,
    skin_reflectance,
    to_lab,
)
from cryomassage.knowledge.schema import Knowledge, SkinColour
from cryomassage.planning.colour_space import hex_of
from cryomassage.planning.spread import LEAST_SHARE, event, interval, span
from cryomassage.planning.virtual_skin import Quantiles, spread_out
from cryomassage.records.body_response import ColourResponse, Event, Swatch
from cryomassage.records.interval import Interval

PerSkin = Float[np.ndarray, " skins"]
OverTime = Float[np.ndarray, "steps skins"]

_STREAM = 15_485  # added to the seed: another stream than those of the skins and their vessels
_REFERENCE = "ii"  # the phototype for which the sensitivity of a* is known
_NEARLY_ALL = 0.95


def draw_colour(knowledge: Knowledge, phototype: str | None, count: int, seed: int) -> SkinOptics:
    """Draw the resting colour and the optics of each skin.

    Args:
        knowledge: kinds `colour` and `skin_colour`.
        phototype: "i" to "vi"; where it is unknown each skin draws one, which is the widest spread there is.
        count: number of skins.
        seed: of the population.
    """
    quantiles = Quantiles(count, seed + _STREAM)

    def drawn(key: str) -> PerSkin:
        return spread_out(knowledge.colour[key].quantity, quantiles.next())

    blood_fraction, sensitivity = drawn("blood_fraction"), drawn("sensitivity")
    red_share, blue_share, surface = drawn("red_share"), drawn("blue_share"), drawn("surface_reflectance")
    uniform = [quantiles.next() for _ in range(3)]
    which = quantiles.next()  # drawn in any case, so that all else is the same for a known phototype
    kinds = tuple(knowledge.skin_colour.values()) if phototype is None else (knowledge.skin_colour[phototype],)

    def coloured(kind: SkinColour) -> Float[np.ndarray, "three skins"]:
        parts = zip((kind.lightness, kind.a_star, kind.b_star), uniform, strict=True)
        return np.stack([spread_out(quantity, at) for quantity, at in parts])

    choice = np.minimum((which * len(kinds)).astype(int), len(kinds) - 1)
    rest = np.choose(choice, [coloured(kind) for kind in kinds])
    light = knowledge.skin_colour[_REFERENCE]
    reference = Lab(*(np.full(1, quantity.value) for quantity in (light.lightness, light.a_star, light.b_star)))
    absorption = green_absorption(sensitivity, reference, red_share, blue_share, surface)
    return SkinOptics(
        Lab(rest[0], rest[1], rest[2]), blood_fraction, np.asarray(absorption), red_share, blue_share, surface
    )


def is_seen(phototype: str | None, knowledge: Knowledge) -> bool:
    """Whether pallor and redness show reliably; where the phototype is unknown they cannot be counted on."""
    return phototype is not None and knowledge.skin_colour[phototype].pallor_seen


def _with_rest(
    time_step_s: OverTime, blood_volume: OverTime
) -> tuple[Float[np.ndarray, "times skins"], Float[np.ndarray, "times skins"]]:
    """Times and volumes that begin with the skin at rest."""
    volume = np.asarray(blood_volume, float)
    time_s = np.cumsum(np.broadcast_to(np.asarray(time_step_s, float), volume.shape), axis=0)
    return np.concatenate([np.zeros((1, volume.shape[1])), time_s]), np.concatenate(
        [np.ones((1, volume.shape[1])), volume]
    )


def _at(
    time_s: Float[np.ndarray, "times skins"], values: Float[np.ndarray, "times skins"], moment_s: PerSkin
) -> PerSkin:
    """The value of each skin at a moment of its own, between two steps."""
    above = np.clip((time_s < moment_s).sum(axis=0), 1, time_s.shape[0] - 1)[None]
    (t0, t1), (v0, v1) = (
        [np.take_along_axis(part, rows, axis=0)[0] for rows in (above - 1, above)] for part in (time_s, values)
    )
    share = np.clip((moment_s - t0) / np.maximum(t1 - t0, 1e-9), 0.0, 1.0)
    return np.asarray(v0 + share * (v1 - v0))


def volume_at(time_step_s: OverTime, blood_volume: OverTime, moment_s: PerSkin) -> PerSkin:
    """Blood volume of each skin at a moment, such as just before a pass; 1 is that at rest.

    Args:
        time_step_s: length of each step.
        blood_volume: at the end of each step, as a share of that at rest.
        moment_s: after the first touch.
    """
    return _at(*_with_rest(time_step_s, blood_volume), np.broadcast_to(moment_s, blood_volume.shape[1:]))


def colour_return_s(
    time_step_s: OverTime,
    blood_volume: OverTime,
    pass_end_s: PerSkin,
    before: PerSkin | float,
    near_share: float,
    until_s: PerSkin | None = None,
) -> PerSkin:
    """How long after the end of a pass the blood of each skin is back, and stays back, in s.

    0 where it never leaves; infinite where it is not back when the history or the window ends.

    Args:
        time_step_s: length of each step.
        blood_volume: at the end of each step, as a share of that at rest.
        pass_end_s: when the pass ends.
        before: blood volume just before the pass; see `volume_at`.
        near_share: of `before` that counts as back, 0 to 1.
        until_s: end of the window, such as the next touch; the end of the history where it is None.
    """
    time_s = np.cumsum(np.broadcast_to(time_step_s, blood_volume.shape), axis=0)
    enough = near_share * np.asarray(before, float)
    inside = time_s > pass_end_s
    if until_s is not None:
        inside &= time_s <= until_s
    missing = inside & (blood_volume < enough)
    steps = time_s.shape[0]
    last = steps - 1 - np.argmax(missing[::-1], axis=0)  # the last step at which blood is missing
    back = np.minimum(last + 1, steps - 1)[None]
    (t0, t1), (v0, v1) = (
        [np.take_along_axis(part, rows, axis=0)[0] for rows in (last[None], back)] for part in (time_s, blood_volume)
    )
    crossing = t0 + (t1 - t0) * np.clip((enough - v0) / np.maximum(v1 - v0, 1e-9), 0.0, 1.0)
    is_back = np.take_along_axis(inside, back, axis=0)[0] & (last + 1 < steps)
    lasted = np.where(is_back, np.maximum(crossing - pass_end_s, 0.0), np.inf)
    return np.where(missing.any(axis=0), lasted, 0.0)


def pause_s(return_s: PerSkin, knowledge: Knowledge) -> float:
    """The pause after which colour is back in enough of the skins, as it is told: in whole steps, rounded up."""
    share = knowledge.colour["return_share_of_skins"].quantity.value
    step_s = knowledge.colour["pause_step"].quantity.value
    # The time of one of the skins, not one between two: infinity has no neighbour to weigh with.
    lasts = float(np.quantile(return_s, share, method="inverted_cdf"))
    return lasts if np.isinf(lasts) else step_s * ceil(lasts / step_s - 1e-9)


def _longest_return_s(
    time_step_s: OverTime,
    blood_volume: OverTime,
    pass_ends_s: Float[np.ndarray, "passes skins"],
    near_share: float,
) -> tuple[PerSkin, PerSkin]:
    """Return after the last pass, infinite where it never comes; and the longest of all, or the time there was."""
    skins = blood_volume.shape[1]
    end_s = np.broadcast_to(np.sum(np.asarray(time_step_s, float), axis=0), (skins,))
    ends = np.broadcast_to(pass_ends_s, (len(pass_ends_s), skins))
    begins = ends - ends[0]  # the first pass begins with the first touch, and all last as long
    lasted, told = [], np.zeros(skins)
    for number, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        until = begins[number + 1] if number + 1 < len(begins) else end_s
        # Skin that was redder than at rest need not become so again: its redness goes by itself.
        before = np.minimum(volume_at(time_step_s, blood_volume, begin), 1.0)
        told = colour_return_s(time_step_s, blood_volume, end, before, near_share, until)
        lasted.append(np.where(np.isinf(told), until - end, told))
    return told, np.asarray(np.max(lasted, axis=0))


@dataclass(frozen=True)
class _Course:
    """The change of colour of every skin over time, beginning with the skin at rest."""

    time_s: Float[np.ndarray, "times skins"]
    change: Lab  # against rest, times x skins
    index_change: Float[np.ndarray, "times skins"]
    paler: Bool[np.ndarray, "times skins"]
    redder: Bool[np.ndarray, "times skins"]
    rest: tuple[float, float, float]  # the median skin

    def at_own(self, step: np.ndarray) -> tuple[PerSkin, Lab]:
        """Time and change of every skin at a step of its own."""

        def pick(values: Float[np.ndarray, "times skins"]) -> PerSkin:
            return np.asarray(np.take_along_axis(values, step[None], axis=0)[0])

        return pick(self.time_s), Lab(*(pick(np.asarray(part)) for part in self.change))

    def at(self, moment_s: float) -> Lab:
        """Change of every skin at one moment."""
        moment = np.full(self.time_s.shape[1], moment_s)
        return Lab(*(_at(self.time_s, np.asarray(part), moment) for part in self.change))

    def swatch(self, time_s: float, change: Lab, words: str, among: np.ndarray | None = None) -> Swatch:
        """The median skin after the median change, `among` those skins; its range is that of all."""
        chosen = slice(None) if among is None else among
        shown = tuple(
            round(rest + float(np.median(np.asarray(part)[chosen])), 2)
            for rest, part in zip(self.rest, change, strict=True)
        )
        low, high = (self.rest[1] + float(part) for part in np.quantile(np.asarray(change.a_star), [0.05, 0.95]))
        return Swatch(
            time_s=float(f"{time_s:.4g}"),
            lightness=shown[0],
            a_star=shown[1],
            b_star=shown[2],
            a_star_low=round(min(low, shown[1]), 2),
            a_star_high=round(max(high, shown[1]), 2),
            srgb=hex_of((shown[0], shown[1], shown[2])),
            words=words,
        )


def _course(time_step_s: OverTime, blood_volume: OverTime, optics: SkinOptics, knowledge: Knowledge) -> _Course:
    time_s, volume = _with_rest(time_step_s, blood_volume)
    light = skin_reflectance(optics, volume)
    colour = to_lab(light)
    index = np.asarray(erythema_index(light))
    rest = Lab(*(np.asarray(part)[None, :] for part in optics.rest))
    change = Lab(*(np.asarray(now) - then for now, then in zip(colour, rest, strict=True)))
    seen = np.asarray(colour_difference(colour, rest)) > knowledge.colour["visible_difference"].quantity.value
    redder = np.asarray(change.a_star) > 0.0
    middle = [float(np.median(np.asarray(part))) for part in optics.rest]
    return _Course(time_s, change, index - index[:1], seen & ~redder, seen & redder, (middle[0], middle[1], middle[2]))


def _in_share(word: str, share: float) -> str:
    if share < LEAST_SHARE:
        return "no change to see"
    return word if share >= _NEARLY_ALL else f"{word} in {min(max(round(10 * share), 1), 9)} of 10"


def _last_words(course: _Course, redness: Event) -> str:
    """How the skins look at the end."""
    if redness.share_of_skins >= LEAST_SHARE and np.mean(course.redder[-1]) >= LEAST_SHARE:
        return _in_share("still pink", float(np.mean(course.redder[-1])))
    if np.mean(course.paler[-1]) >= LEAST_SHARE:
        return _in_share("still paler", float(np.mean(course.paler[-1])))
    return "as before"


def _swatches(
    course: _Course, pallor: Event, redness: Event, returned_s: float, palest: np.ndarray, reddest: np.ndarray
) -> tuple[Swatch, ...]:
    """The moments worth a look, in their order."""
    skins = course.time_s.shape[1]
    told = [course.swatch(0.0, Lab(*(np.zeros(skins),) * 3), "at rest")]

    def extreme(step: np.ndarray, happens: np.ndarray, share: float, word: str) -> Swatch:
        time_s, change = course.at_own(step)
        among = happens if share >= LEAST_SHARE else np.ones(skins, bool)
        return course.swatch(float(np.median(time_s[among])), change, _in_share(word, share), among)

    told.append(extreme(palest, np.any(course.paler, axis=0), pallor.share_of_skins, "pale"))
    if told[-1].time_s < returned_s < np.inf:
        told.append(course.swatch(returned_s, course.at(returned_s), "colour back"))
    end_s = float(np.median(course.time_s[-1]))
    if redness.share_of_skins >= LEAST_SHARE:
        told.append(extreme(reddest, np.any(course.redder, axis=0), redness.share_of_skins, "pink"))
        faded_s = None if redness.ends_s is None else redness.ends_s.p50
        if faded_s is not None and told[-1].time_s < faded_s < 0.9 * end_s:
            told.append(course.swatch(faded_s, course.at(faded_s), "redness fades"))
    if end_s > 1.1 * told[-1].time_s:
        told.append(course.swatch(end_s, course.at(end_s), _last_words(course, redness)))
    return tuple(sorted(told, key=lambda swatch: swatch.time_s))


def colour_response(
    time_step_s: OverTime,
    blood_volume: OverTime,
    pass_ends_s: Float[np.ndarray, "passes skins"],
    optics: SkinOptics,
    knowledge: Knowledge,
    phototype: str | None,
) -> ColourResponse:
    """What is predicted of the colour of one zone, from its first touch to an hour or two after the last.

    The return of colour is the longest of all passes of each skin; where colour is not back when the next pass
    begins, or when the history ends, the time until then is counted, so that it lasts at least as long as told.

    Args:
        time_step_s: length of each step; one column will do for all skins.
        blood_volume: of the upper dermis at the end of each step, as a share of that at rest.
        pass_ends_s: end of each pass, which all last as long as the first; one column will do for all skins.
        optics: of the same skins, from `draw_colour`.
        knowledge: kinds `colour` and `skin_colour`.
        phototype: "i" to "vi", or None where it is unknown.
    """
    volume = np.asarray(blood_volume, float)
    steps = np.broadcast_to(np.asarray(time_step_s, float), volume.shape)
    course = _course(steps, volume, optics, knowledge)
    pallor = event(*span(steps, course.paler[1:]))
    begins, ends, reddens = span(steps, course.redder[1:])
    redness = event(begins, ends, reddens)
    change = np.asarray(course.change.a_star)
    palest, reddest = np.argmin(change, axis=0), np.argmax(change, axis=0)
    near_share = knowledge.colour["near_share"].quantity.value
    last, longest = _longest_return_s(steps, volume, pass_ends_s, near_share)
    # Of the skins that pale, where enough do: in the others colour never leaves.
    paled = np.any(course.paler, axis=0)
    among = paled if pallor.share_of_skins >= LEAST_SHARE else np.ones_like(paled)
    ends_s = np.broadcast_to(pass_ends_s[-1], last.shape)
    returned_s = float(np.quantile((ends_s + last)[among], 0.5, method="higher"))
    peak_s: Interval | None = None
    if redness.share_of_skins >= LEAST_SHARE:
        peak_s = interval(course.at_own(reddest)[0][reddens])
    return ColourResponse(
        seen=is_seen(phototype, knowledge),
        pallor=pallor,
        colour_return_s=interval(longest),
        redness=redness,
        redness_peak_s=peak_s,
        erythema_index_change=interval(np.take_along_axis(course.index_change, palest[None], axis=0)[0]),
        swatches=_swatches(course, pallor, redness, returned_s, palest, reddest),
    )
