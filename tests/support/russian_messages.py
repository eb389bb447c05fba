"""The catalogue of the interface: finds every translatable string, refreshes the .po, compiles the .mo.

    python -m tests.support.russian_messages                   adds what is new, drops what is gone, compiles
    python -m tests.support.russian_messages todo ASKED        also writes what has no translation yet into a file
    python -m tests.support.russian_messages fill ASKED SAID   takes translations, lines "number translation"

No gettext tools are needed, here or at run time. The compiled file is committed; a test compiles again and compares.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

PRODUCT = Path(__file__).parents[2] / "src/cryomassage_clinic"
CATALOGUE = PRODUCT / "locale/ru/LC_MESSAGES/django.po"
COMPILED = CATALOGUE.with_suffix(".mo")
PLURALS = "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);"
_CALLS = {
    **dict.fromkeys(("gettext", "gettext_lazy", "gettext_noop", "ugettext"), ("text",)),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), ("text", "plural")),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ("context", "text")),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ("context", "text", "plural")),
}
_FORMATS = re.compile(r"%\((\w+)\)[sdif]|%[sdif]|\{(\w*)[^{}]*\}")
_MARKUP = re.compile(r"</?[a-z][^>]*>")
_TEMPLATE_CALL = re.compile(r"\b(?:n?p?n?gettext|_)\(")


@dataclass
class Message:
    """One string of the interface and where it stands."""

    text: str
    plural: str = ""
    context: str | None = None
    places: set[str] = field(default_factory=set)

    @property
    def key(self) -> tuple[str | None, str, str]:
        return self.context, self.text, self.plural


def _of_call(node: ast.Call, name: str) -> Message | None:
    """The message of a call, when its texts are written out."""
    wanted = _CALLS[name]
    arguments = node.args[: len(wanted)]
    values = [part.value for part in arguments if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    if len(values) < len(wanted):
        return None
    return Message(**dict(zip(wanted, values, strict=True)))


def of_python(source: str, place: str) -> Iterator[Message]:
    """Messages of a module.

    Raises:
        ValueError: a text is put together before it is translated, so that no catalogue can hold it.
    """
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in _CALLS
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = names.get(called.id) if isinstance(called, ast.Name) else None
        if (
            isinstance(called, ast.Attribute)
            and isinstance(called.value, ast.Name)
            and called.value.id == "translation"
        ):
            name = called.attr if called.attr in _CALLS else None
        if name is None:
            continue
        found = _of_call(node, name)
        if found is not None:
            found.places.add(place)
            yield found
        elif any(isinstance(part, ast.JoinedStr | ast.BinOp) for part in node.args[:1]):
            raise ValueError(f"{place}:{node.lineno}: a text is put together before it is translated")


def of_template(source: str, place: str) -> Iterator[Message]:
    """Messages of a template, as Django's own extraction sees them."""
    code = templatize(source, place)
    for found in _TEMPLATE_CALL.finditer(code):
        end = found.end()
        while True:
            end = code.index(")", end) + 1
            try:
                node = ast.parse(code[found.start() : end], mode="eval").body
            except SyntaxError:
                continue
            break
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            name = "gettext" if node.func.id == "_" else node.func.id
            message = _of_call(node, name)
            if message is not None:
                message.places.add(place)
                yield message


def extracted() -> dict[tuple[str | None, str, str], Message]:
    """Every message of the product."""
    if not settings.configured:
        settings.configure()
    found: dict[tuple[str | None, str, str], Message] = {}
    for file in sorted(PRODUCT.rglob("*")):
        place = str(file.relative_to(PRODUCT))
        if file.suffix == ".py" and "migrations" not in file.parts:
            messages = of_python(file.read_text(encoding="utf-8"), place)
        elif file.suffix in (".html", ".txt", ".js") and "templates" in file.parts:
            messages = of_template(file.read_text(encoding="utf-8"), place)
        else:
            continue
        for message in messages:
            found.setdefault(message.key, message).places.update(message.places)
    return found


def formats(text: str) -> list[str]:
    """Places that are filled in."""
    return sorted(found.group(0) for found in _FORMATS.finditer(text.replace("%%", "")))


def markup(text: str) -> list[str]:
    """Tags within a text."""
    return sorted(_MARKUP.findall(text))


def catalogue() -> polib.POFile:
    """The committed catalogue; an empty one when there is none yet."""
    if CATALOGUE.exists():
        return polib.pofile(str(CATALOGUE), wrapwidth=110)
    fresh = polib.POFile(wrapwidth=110)
    fresh.metadata = {
        "Project-Id-Version": "cryomassage",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": "ru",
        "Plural-Forms": PLURALS,
    }
    return fresh


def key_of(entry: polib.POEntry) -> tuple[str | None, str, str]:
    """How an entry of the catalogue is found again."""
    return entry.msgctxt, entry.msgid, entry.msgid_plural or ""


def refreshed(old: polib.POFile) -> polib.POFile:
    """The catalogue with what is in the product now, in the order of its files; translations are kept."""
    kept = {key_of(entry): entry for entry in old if not entry.obsolete}
    fresh = polib.POFile(wrapwidth=110)
    fresh.metadata = old.metadata
    for key, message in sorted(extracted().items(), key=lambda one: (min(one[1].places), one[1].text)):
        entry = kept.get(key) or polib.POEntry(
            msgid=message.text, msgid_plural=message.plural, msgctxt=message.context, msgstr=""
        )
        if message.plural and not entry.msgstr_plural:
            entry.msgstr_plural = {0: "", 1: "", 2: ""}
        entry.occurrences = [(place, "") for place in sorted(message.places)]
        flag = "python-format" if "%(" in message.text or re.search(r"%[sd]", message.text) else ""
        entry.flags = [flag] if flag else []
        fresh.append(entry)
    return fresh


def compiled(entries: polib.POFile) -> bytes:
    """The catalogue as Django reads it; the same entries give the same bytes."""
    return bytes(entries.to_binary())


def write(entries: polib.POFile) -> None:
    """Save the catalogue and compile it."""
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    entries.save(str(CATALOGUE))
    COMPILED.write_bytes(compiled(entries))


def untranslated(entries: polib.POFile) -> list[polib.POEntry]:
    """Entries without a translation, in their order."""
    return [entry for entry in entries if not entry.translated()]


def todo(entries: polib.POFile) -> str:
    """What has no translation, one numbered line each: `12 {"text": …}`."""
    lines = []
    for number, entry in enumerate(untranslated(entries)):
        content = {"text": entry.msgid, "plural": entry.msgid_plural, "context": entry.msgctxt}
        lines.append(f"{number} {json.dumps({k: v for k, v in content.items() if v}, ensure_ascii=False)}\n")
    return "".join(lines)


def fill(entries: polib.POFile, asked: str, answered: str) -> None:
    """Take over translations.

    Args:
        entries: to be filled.
        asked: what `todo` wrote.
        answered: lines `number translation`; the three plural forms are joined by ` | `, a line break is `\\n`.
    """
    by_key = {key_of(entry): entry for entry in entries}
    wanted = {}
    for line in asked.splitlines():
        number, _space, content = line.partition(" ")
        message = Message(**json.loads(content))
        wanted[number] = message.key
    for line in answered.splitlines():
        number, _space, said = line.strip().partition(" ")
        entry = by_key.get(wanted[number]) if number else None
        if entry is None:
            continue  # gone meanwhile
        said = said.replace("\\n", "\n")
        if entry.msgid_plural:
            entry.msgstr_plural = dict(enumerate(said.split(" | ")))
        else:
            entry.msgstr = said


def main(arguments: list[str]) -> None:
    """Refresh, list or fill the catalogue."""
    entries = refreshed(catalogue())
    if arguments[:1] == ["fill"]:
        asked, answered = (Path(name).read_text(encoding="utf-8") for name in arguments[1:3])
        fill(entries, asked, answered)
    write(entries)
    if arguments[:1] == ["todo"]:
        Path(arguments[1]).write_text(todo(entries), encoding="utf-8")
    print(f"{len(entries)} strings, {len(untranslated(entries))} without a translation")


if __name__ == "__main__":
    main(sys.argv[1:])
