"""How the plain text of a consent is laid out: headings, points of lists, paragraphs."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Block:
    """One part of a text: a heading, a paragraph, or a list; never markup."""

    shape: str  # heading, paragraph or list
    lines: list[str] = field(default_factory=list)


def blocks_of(body: str) -> list[Block]:
    """A text in parts. Lines with "# " are headings, lines with "- " points; empty lines end paragraphs."""
    blocks: list[Block] = []
    for line in [*body.splitlines(), ""]:
        text = line.strip()
        if text.startswith("# "):
            blocks.append(Block("heading", [text[2:].strip()]))
        elif text.startswith("- "):
            if not blocks or blocks[-1].shape != "list":
                blocks.append(Block("list"))
            blocks[-1].lines.append(text[2:].strip())
        elif not text:
            blocks.append(Block("end"))
        elif blocks and blocks[-1].shape == "paragraph":
            blocks[-1].lines.append(text)
        else:
            blocks.append(Block("paragraph", [text]))
    return [block for block in blocks if block.shape != "end"]
