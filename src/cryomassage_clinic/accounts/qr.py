"""QR codes as one path of a picture that stands in the page: black on white in every theme."""

from __future__ import annotations

from dataclasses import dataclass

import qrcode
from qrcode.constants import ERROR_CORRECT_M


@dataclass(frozen=True)
class Code:
    """A square of `size` modules, and the path of the dark ones."""

    size: int
    path: str


def code(text: str) -> Code:
    """The QR code of a text, with its quiet border."""
    made = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4)
    made.add_data(text)
    made.make(fit=True)
    rows = made.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return Code(len(rows), path)
