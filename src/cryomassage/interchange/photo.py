"""Reads photographs: upright, as sRGB in linear light, and the patches of skin and reference in them.

What cannot be measured is refused before anything is computed: patches that are clipped, dark, uneven, small or
outside the picture, a reference that is not what it is said to be, and a light that has changed between the pictures.
"""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, UInt8

from cryomassage.engine.skin_colour import Lab, decoded, to_reflectance
from cryomassage.errors import InputError, Problem
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.colour_measure import Patch, Picture, grey_card
from cryomassage.planning.colour_space import Colour
from cryomassage.records.colour_measurement import Rectangle

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = UInt8[np.ndarray, "rows columns channels"]

_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP")
_PARTS = 5  # of a patch along each side: large beside the grain of a camera, many enough to tell a spread
_LINEAR = np.asarray(decoded(np.arange(256) / 255.0))


@dataclass(frozen=True)
class Asked:
    """One picture and where to look in it."""

    path: Path
    skin: Rectangle
    reference: Rectangle
    skin_field: str  # names of the options, for messages
    reference_field: str


def read_rectangle(text: str, field: str) -> Rectangle:
    """A rectangle written as X,Y,W,H in pixels.

    Raises:
        InputError: it is not four whole numbers, or it has no area.
    """
    match = re.fullmatch(r"\s*(\d{1,6})\s*,\s*(\d{1,6})\s*,\s*(\d{1,6})\s*,\s*(\d{1,6})\s*", text)
    if match is None or "0" in (match[3].strip("0") or "0", match[4].strip("0") or "0"):
        raise _wrong(
            "command line",
            field,
            text,
            "must be X,Y,W,H: left, top, width and height in whole pixels, width and height above 0",
            "Read the pixels in any picture viewer, such as --skin 820,640,80,80.",
        )
    x, y, width, height = (int(part) for part in match.groups())
    return Rectangle(x=x, y=y, width=width, height=height)


def read_lab(text: str, field: str) -> Colour:
    """A colour written as L,A,B.

    Raises:
        InputError: it is not three numbers of a colour that a reference can have.
    """
    try:
        lightness, a_star, b_star = (float(part) for part in text.split(","))
    except ValueError:
        lightness, a_star, b_star = -1.0, 0.0, 0.0
    light = to_reflectance(Lab(*(np.full(1, part) for part in (lightness, a_star, b_star))))
    if not 20.0 <= lightness <= 98.0 or not all(0.0 < float(part[0]) < 1.0 for part in light):
        raise _wrong(
            "command line",
            field,
            text,
            "must be L*,a*,b* (D65) of a patch with L* from 20 to 98 that a screen can show",
            "Take it from the maker of the reference, or leave it out for a grey card.",
        )
    return (lightness, a_star, b_star)


def _wrong(where: str, field: str, value: str, bound: str, next_step: str, source: str = "") -> InputError:
    return InputError(where, [Problem(field, value, bound, next_step, source)])


def _to_srgb(image: Image) -> Image:
    """Into sRGB, where the picture says that its colours are others."""
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA"):
        return image.convert("RGB")
    plain = image.convert("RGB")
    done = ImageCms.profileToProfile(
        plain, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    return plain if done is None else done


def read_photo(path: Path) -> Pixels:
    """The picture as it is seen upright, 8 bits of sRGB.

    Raises:
        InputError: the file is missing, no picture of a kind that is read, too large, broken or without colour.
    """
    from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

    step = "Save the picture as JPEG or PNG, as the camera made it, and name that file."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            Image.init()  # so that it is known which formats this library was built with
            with Image.open(path, formats=[kind for kind in _FORMATS if kind in Image.OPEN]) as image:
                if image.mode not in ("RGB", "RGBA"):
                    raise _wrong(str(path), "picture", f"mode {image.mode}", "must be in colour, 8 bits each", step)
                image.load()
                upright = ImageOps.exif_transpose(image)
                return np.asarray(_to_srgb(upright), np.uint8)
    except FileNotFoundError as error:
        raise _wrong(
            str(path), "file", "not found", "must be a file that exists", "Check the path and the spelling."
        ) from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _wrong(str(path), "picture", "too large", f"the library says: {error}", "Make it smaller.") from error
    except (UnidentifiedImageError, ImageCms.PyCMSError, OSError, SyntaxError, ValueError) as error:
        bound = f"must be a whole {', '.join(_FORMATS)} file ({error})"
        raise _wrong(str(path), "picture", "cannot be read", bound, step) from error


def _told(at: Rectangle) -> str:
    return f"{at.x},{at.y},{at.width},{at.height}"


def _value(knowledge: Knowledge, key: str) -> float:
    return knowledge.colour[key].quantity.value


def _read_patch(pixels: Pixels, where: str, field: str, at: Rectangle, knowledge: Knowledge) -> Patch:
    """One patch, or why it cannot be measured."""
    rows, columns = pixels.shape[:2]
    told = _told(at)

    def refuse(bound: str, next_step: str, key: str = "") -> InputError:
        source = f"colour.{key}" if key else ""
        return _wrong(where, field, told, bound, next_step, source)

    if at.x + at.width > columns or at.y + at.height > rows:
        raise refuse(
            f"must lie in the picture, which is {columns} pixels wide and {rows} high when upright",
            "Read the pixels in the picture as it is seen upright.",
        )
    least = _value(knowledge, "photo_least_pixels")
    if at.width * at.height < least or min(at.width, at.height) < _PARTS:
        raise refuse(
            f"must hold {least:g} pixels or more and be {_PARTS} or more wide and high",
            "Choose a larger patch, or take the picture from nearer.",
            "photo_least_pixels",
        )
    cut = pixels[at.y : at.y + at.height, at.x : at.x + at.width]
    clipped = float(np.mean((cut >= _value(knowledge, "photo_clipped")).any(axis=2)))
    most = _value(knowledge, "photo_clipped_share")
    if clipped > most:
        raise refuse(
            f"at most {most:.0%} of its pixels may be clipped; {clipped:.0%} are",
            "It is too bright or shines. Choose another patch, or take the picture again with less light.",
            "photo_clipped_share",
        )
    parts = np.stack(
        [
            _LINEAR[part].mean(axis=(0, 1))
            for strip in np.array_split(cut, _PARTS, axis=0)
            for part in np.array_split(strip, _PARTS, axis=1)
        ]
    )
    patch = Patch(at, parts)
    darkest = _value(knowledge, "photo_darkest")
    if patch.light.max() < darkest or patch.light.min() <= 0.0:
        raise refuse(
            f"its strongest channel must have {darkest:.0%} of full light or more; it has {patch.light.max():.1%}",
            "It is too dark. Take the picture again with more light.",
            "photo_darkest",
        )
    return patch


def _check_reference(
    patch: Patch, known: Float[np.ndarray, " channels"], where: str, field: str, knowledge: Knowledge
) -> Float[np.ndarray, " channels"]:
    """Light of each channel of the reference over its known colour, or why it cannot be the reference."""
    told = _told(patch.rectangle)
    uneven = float((patch.parts.std(axis=0) / patch.light).max())
    most = _value(knowledge, "photo_unevenness")
    if uneven > most:
        raise _wrong(
            where,
            field,
            told,
            f"the reference must be even within {most:.0%}; it spreads by {uneven:.0%}",
            "An edge, a shadow or something else lies in the rectangle. Choose a part of the reference alone.",
            "colour.photo_unevenness",
        )
    light = np.asarray(patch.light / known)
    cast, most = float(light.max() / light.min()), _value(knowledge, "photo_cast")
    if cast > most:
        raise _wrong(
            where,
            field,
            told,
            f"its colour may be off its known one by a factor of {most:g} between channels; it is off by {cast:.2g}",
            "The reference does not lie in the rectangle, or the light is strongly tinted. Take daylight or a white "
            "lamp, and give --reference-lab where the reference is not grey.",
            "colour.photo_cast",
        )
    return light


def read_pair(before: Asked, after: Asked, reference: Colour | None, knowledge: Knowledge) -> tuple[Picture, Picture]:
    """Both pictures with their patches.

    Raises:
        InputError: something in them cannot be measured; one message tells what, and what to do.
    """
    colour = grey_card(knowledge) if reference is None else reference
    known = np.concatenate(to_reflectance(Lab(*(np.full(1, part) for part in colour))))
    pictures, lights = [], []
    for asked in (before, after):
        pixels, where = read_photo(asked.path), str(asked.path)
        patch = _read_patch(pixels, where, asked.reference_field, asked.reference, knowledge)
        lights.append(_check_reference(patch, known, where, asked.reference_field, knowledge))
        skin = _read_patch(pixels, where, asked.skin_field, asked.skin, knowledge)
        if float((skin.light / lights[-1]).max()) >= 1.0:
            raise _wrong(
                where,
                asked.reference_field,
                _told(asked.reference),
                "against this reference the skin would send back more light than a perfect white",
                "The reference does not lie in the rectangle, or is in the shade. Choose the reference itself.",
            )
        pictures.append(Picture(asked.path.name, skin, patch))
    ratio, most = lights[1] / lights[0], _value(knowledge, "photo_light_change")
    farthest = float(ratio[np.argmax(np.abs(np.log(ratio)))])
    if not 1.0 / most <= farthest <= most:
        raise _wrong(
            str(after.path),
            after.reference_field,
            f"{farthest:.2g} times the light of the first picture",
            f"the reference may differ by a factor of {most:g} in any channel",
            "Take both pictures in the same light, with the same camera, and without a change of exposure.",
            "colour.photo_light_change",
        )
    return pictures[0], pictures[1]
