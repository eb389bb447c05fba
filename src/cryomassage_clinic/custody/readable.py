"""The part of an export that people read without this program: tables for a spreadsheet, plans, signatures."""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from xml.sax.saxutils import escape

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.consents.models import Consent
from cryomassage_clinic.courses.models import Course, Plan
from cryomassage_clinic.visits.models import Booking

Write = Callable[[str, Iterator[bytes]], None]
_NUMBER = re.compile(r"[+-][\d\s().-]*")
_PAD_WIDTH, _PAD_HEIGHT = 600, 200


def _cell(value: Any) -> str:
    """A cell as people read it; what a spreadsheet would take for a formula is marked as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    risky = text[:1] in ("=", "@", "\t", "\r") or (text[:1] in ("+", "-") and not _NUMBER.fullmatch(text))
    return f"'{text}" if risky else text


def _table(head: list[str], rows: Iterator[tuple[Any, ...]]) -> Iterator[bytes]:
    yield "\ufeff".encode()  # spreadsheets then know that it is UTF-8
    held = io.StringIO()
    writer = csv.writer(held)
    writer.writerow(head)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        if held.tell() > 65_536:
            yield held.getvalue().encode()
            held.seek(0)
            held.truncate()
    yield held.getvalue().encode()


def signature_svg(strokes: Any, name: str, day: str) -> str:
    """A signature as a picture, from its strokes in shares of the pad."""
    lines = []
    for stroke in strokes if isinstance(strokes, list) else []:
        points = [point for point in stroke if isinstance(point, list | tuple) and len(point) >= 2]
        spots = " ".join(f"{float(x) * _PAD_WIDTH:.1f},{float(y) * _PAD_HEIGHT:.1f}" for x, y, *_more in points)
        if spots:
            lines.append(f'<polyline points="{spots}"/>')
    title = escape(f"{name}, {day}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_PAD_WIDTH} {_PAD_HEIGHT}" role="img">'
        f"<title>{title}</title>"
        '<g fill="none" stroke="#16202A" stroke-width="3" stroke-linecap="round" stroke-linejoin="round">'
        f"{''.join(lines)}</g></svg>"
    )


def _mine(rows: QuerySet[Any], clinic: Any, client: Any, path: str) -> QuerySet[Any]:
    if client is not None:
        return rows.filter(**{path: client})
    return rows if clinic is None else rows.filter(clinic=clinic)


def write_tables(write: Write, using: str, clinic: Any = None, client: Any = None) -> None:
    """Clients, courses, bookings and plans, each a table for a spreadsheet."""
    clients = _mine(Client._base_manager.using(using), clinic, client, "pk").order_by("code")
    head = [
        _("code"),
        _("name"),
        _("born"),
        _("phone"),
        _("e-mail"),
        _("whom to call"),
        _("sex"),
        _("skin type"),
        _("history"),
    ]
    fields = ["code", "full_name", "birth_date", "phone", "email", "emergency_contact", "sex", "phototype", "history"]
    write("for-people/clients.csv", _table(head, clients.values_list(*fields).iterator(2000)))

    courses = _mine(Course._base_manager.using(using), clinic, client, "client").order_by("created_at")
    head = [_("client"), _("complaint"), _("zones"), _("method"), _("state"), _("begun"), _("why it ended")]
    fields = ["client__code", "indication", "zones", "method", "status", "created_at", "end_reason"]
    write("for-people/courses.csv", _table(head, courses.values_list(*fields).iterator(2000)))

    bookings = _mine(Booking._base_manager.using(using), clinic, client, "client").order_by("starts_at")
    head = [_("client"), _("from"), _("to"), _("with"), _("room"), _("session"), _("state"), _("note")]
    fields = [
        "client__code",
        "starts_at",
        "ends_at",
        "operator__full_name",
        "room__name",
        "session_number",
        "status",
        "note",
    ]
    write("for-people/bookings.csv", _table(head, bookings.values_list(*fields).iterator(2000)))

    plans = _mine(Plan._base_manager.using(using), clinic, client, "course__client").order_by("created_at")
    head = [
        _("client"),
        _("plan"),
        _("session"),
        _("for the visit on"),
        _("state"),
        _("outcome"),
        _("fingerprint"),
        _("approved by"),
        _("approved"),
    ]
    fields = [
        "course__client__code",
        "pk",
        "session_number",
        "visit_date",
        "state",
        "status",
        "content_sha256",
        "approval__approved_by__full_name",
        "approval__approved_at",
    ]
    write("for-people/plans.csv", _table(head, plans.values_list(*fields).iterator(2000)))


def write_plans(write: Write, using: str, clinic: Any = None, client: Any = None) -> None:
    """Each computed plan, to the byte as it was computed."""
    plans = _mine(Plan._base_manager.using(using), clinic, client, "course__client").exclude(result="").order_by("pk")
    for code, pk, result in plans.values_list("course__client__code", "pk", "result").iterator(50):
        write(f"for-people/plans/{_safe(code)}-{pk}/plan.json", iter([str(result).encode()]))


def write_consents(write: Write, using: str, clinic: Any = None, client: Any = None) -> None:
    """Each signed consent: the text that was signed, the strokes, and a picture of the signature."""
    found = (
        _mine(Consent._base_manager.using(using), clinic, client, "client")
        .select_related("client", "text")
        .order_by("pk")
    )
    for one in found.iterator(200):
        name = f"for-people/consents/{_safe(one.client.code)}-{one.pk}"
        day = one.signed_at.astimezone(datetime.UTC).date().isoformat()
        content = {
            "client": one.client.code,
            "kind": one.text.kind,
            "treatment": one.text.treatment,
            "language": one.text.language,
            "version": one.text.number,
            "title": one.text.title,
            "text": one.text.body,
            "signed_name": one.signed_name,
            "signed_by_typing": one.signed_by_typing,
            "signed_at": one.signed_at.isoformat(),
            "withdrawn_at": one.withdrawn_at.isoformat() if one.withdrawn_at else None,
            "withdrawn_reason": one.withdrawn_reason,
            "strokes": one.strokes,
        }
        write(f"{name}.json", iter([json.dumps(content, ensure_ascii=False, indent=1).encode()]))
        write(f"{name}.svg", iter([signature_svg(one.strokes, one.signed_name, day).encode()]))


def _safe(text: str) -> str:
    """A code as part of a file name."""
    return re.sub(r"[^\w-]", "_", text)[:40] or "_"


def readme() -> str:
    """What lies in the file, in words."""
    return _(
        "This file holds everything that the clinic has written down.\n"
        "\n"
        "for-people/   Tables for any spreadsheet program (CSV), each plan as it was computed (JSON), and each signed\n"
        "              consent with its text (JSON) and a picture of the signature (SVG).\n"
        "tables/       Every table, row by row, as JSON Lines: one line is one row. Times are in UTC.\n"
        "media/        Photographs and other files, if there are any.\n"
        "manifest.json How many rows each table has, and a SHA-256 of each file, so that damage is noticed.\n"
        "\n"
        "It holds names and health data, and what is needed to log in. Keep it as safe as the clinic itself.\n"
    )
