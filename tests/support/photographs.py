"""Photographs of skin beside a grey card, made from known colours, in any light."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from coloraide import Color
from jaxtyping import UInt8
from PIL import Image

SKIN, CARD = "60,40,60,50", "150,40,40,40"  # rectangles inside the two patches
GREY = (49.5, 0.0, 0.0)


def photograph(
    skin: tuple[float, float, float],
    card: tuple[float, float, float] = GREY,
    light: Sequence[float] = (1.0, 1.0, 1.0),
    noise: float = 0.01,
    seed: int = 1,
) -> UInt8[np.ndarray, "120 220 3"]:
    """Skin (left) and card (right) on a dark ground.

    Args:
        skin: its L*a*b*, D65.
        card: that of the card.
        light: exposure and tint: factors of red, green and blue in linear light.
        noise: standard deviation of a pixel, as a share of its light.
        seed: of the noise.
    """
    picture = np.full((120, 220, 3), 0.05)
    for lab, columns in ((skin, slice(50, 130)), (card, slice(140, 200))):
        picture[30:100, columns] = Color("lab-d65", lab).convert("srgb-linear").coords()
    grain = 1.0 + noise * np.random.default_rng(seed).standard_normal(picture.shape)
    linear = np.clip(picture * np.asarray(light) * grain, 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1.0 / 2.4) - 0.055)
    return np.asarray(np.round(255.0 * encoded), np.uint8)


def save(path: Path, pixels: UInt8[np.ndarray, "rows columns 3"]) -> Path:
    """Write a picture in the format that its name says."""
    Image.fromarray(pixels).save(path, quality=95)
    return path
