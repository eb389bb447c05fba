"""The core's drawings as images of their own: they need no style that our pages forbid."""

from __future__ import annotations

import re
from typing import Any

_VARIABLE = re.compile(r"var\(--[\w-]+,\s*(#[0-9a-fA-F]+)\)")
_STYLE = re.compile(r'\sstyle="([^"]*)"')
_SHEET = re.compile(r"<defs>\s*<style[^>]*>(.*?)</style>\s*</defs>", re.DOTALL)
_FONT = re.compile(r"^(?P<weight>bold |\d+ )?(?P<size>[\d.]+px)\s+(?P<family>.+)$")
_NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def _attributes(declarations: str) -> str:
    """Style declarations as presentation attributes, which mean the same and need no permission."""
    told: dict[str, str] = {}
    for declaration in declarations.split(";"):
        name, _, value = declaration.partition(":")
        name, value = name.strip(), value.strip()
        if not name or not value:
            continue
        font = _FONT.match(value) if name == "font" else None
        if font is not None:
            told["font-size"], told["font-family"] = font["size"], font["family"]
            if font["weight"]:
                told["font-weight"] = font["weight"].strip()
        else:
            told[name] = value
    quoted = {name: value.replace('"', "'") for name, value in told.items()}
    return "".join(f' {name}="{value}"' for name, value in quoted.items())


def standalone(svg: str) -> str:
    """A drawing that was made for the inside of a page as an image with fixed colours and without style sheets."""
    sheet = _SHEET.search(svg)
    rules = ""
    if sheet is not None:
        svg = svg.replace(sheet.group(0), "", 1)
        rules = _attributes(sheet.group(1).partition("{")[2].partition("}")[0])
    svg = _VARIABLE.sub(r"\1", svg)
    svg = _STYLE.sub(lambda found: _attributes(found.group(1)), svg)
    return svg.replace("<svg ", f"<svg {_NAMESPACES}{rules} ", 1)


def kept(pictures: dict[str, Any]) -> dict[str, Any]:
    """Pictures as they are stored beside a plan."""
    drawings = [{**one, "svg": standalone(one["svg"])} for one in pictures.get("drawings", [])]
    return {**pictures, "drawings": drawings} if pictures else {}
