"""Names of what stands in the details of a row, in words, and of the pages that were looked at."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cryomassage_clinic import bridge
from cryomassage_clinic.web.core_words import told

FIELDS: dict[str, str | Promise] = {
    "about": lazy("About"),
    "active": lazy("In use"),
    "after": lazy("now"),
    "address": lazy("Address"),
    "air_changes_per_h": lazy("Air changes an hour"),
    "airing_min": lazy("Minutes of airing"),
    "answer": lazy("Answer"),
    "answers": lazy("Answers"),
    "at": lazy("When"),
    "attempts": lazy("Tries"),
    "before": lazy("before"),
    "benefit": lazy("Of use so far"),
    "birth_date": lazy("Date of birth"),
    "by": lazy("By"),
    "calibration": lazy("Calibration"),
    "code": lazy("Code"),
    "cold_source": lazy("Kind of cold"),
    "content_sha256": lazy("Fingerprint"),
    "count": lazy("How many"),
    "course": lazy("Course"),
    "date": lazy("Date"),
    "day": lazy("Day"),
    "demo": lazy("Demo data"),
    "device": lazy("Device"),
    "diameter_mm": lazy("Diameter in mm"),
    "distance_mm": lazy("Distance in mm"),
    "doctor": lazy("Doctor"),
    "done_on": lazy("Done on"),
    "email": lazy("E-mail"),
    "emergency_contact": lazy("Whom to call in an emergency"),
    "ends_at": lazy("End"),
    "evaporation_L_per_day": lazy("Evaporation in litres a day"),
    "exposure_class": lazy("Exposure class"),
    "extraction": lazy("Extraction"),
    "floor_area_m2": lazy("Floor area in m²"),
    "from": lazy("before"),
    "full_name": lazy("Full name"),
    "health": lazy("Answers, doctors' notes, marks on the chart"),
    "heat_transfer_coefficient": lazy("Heat transfer coefficient"),
    "heat_transfer_coefficient_high": lazy("Its highest value"),
    "heat_transfer_coefficient_low": lazy("Its lowest value"),
    "height_m": lazy("Height in m"),
    "history": lazy("History"),
    "how": lazy("How it was measured"),
    "indication": lazy("Goal"),
    "instead_of": lazy("In place of"),
    "is": lazy("now"),
    "kind": lazy("Kind"),
    "label": lazy("Name"),
    "language": lazy("Language"),
    "measured_at": lazy("Measured"),
    "method": lazy("Method"),
    "minutes": lazy("Minutes"),
    "moment": lazy("When"),
    "monitor_valid_until": lazy("Monitor calibrated until"),
    "name": lazy("Name"),
    "note": lazy("Note"),
    "number": lazy("Number"),
    "older": lazy("Older ones"),
    "opening_hours": lazy("Opening hours"),
    "operator": lazy("Operator"),
    "other_sessions_ended": lazy("Other logins ended"),
    "owner": lazy("Owner"),
    "page": lazy("Page"),
    "phone": lazy("Phone"),
    "phototype": lazy("Skin type"),
    "picture": lazy("Picture"),
    "place": lazy("Place"),
    "professional_date": lazy("Professional asked on"),
    "professional_name": lazy("Professional asked"),
    "purpose": lazy("Purpose"),
    "read_after_min": lazy("Read after minutes"),
    "reason": lazy("Reason"),
    "redness_gone": lazy("Redness gone"),
    "result": lazy("Result"),
    "role": lazy("Role"),
    "room": lazy("Room"),
    "rows": lazy("Rows"),
    "second_steps_removed": lazy("Second steps removed"),
    "session": lazy("Session"),
    "sessions": lazy("Sessions"),
    "sex": lazy("Sex"),
    "side": lazy("Side"),
    "signed_name": lazy("Signed by"),
    "since": lazy("Since"),
    "sink_temperature": lazy("Temperature of the cold"),
    "starts_at": lazy("Begin"),
    "status": lazy("Status"),
    "tables": lazy("Tables"),
    "temperature_degC": lazy("Temperature in °C"),
    "text": lazy("Text"),
    "theme": lazy("Light or dark"),
    "thickness_mm": lazy("Thickness in mm"),
    "thin_cheeks": lazy("Thin cheeks"),
    "title": lazy("Title"),
    "to": lazy("now"),
    "treatment": lazy("Treatment"),
    "type": lazy("Kind"),
    "typed": lazy("Name typed"),
    "use_L_per_h": lazy("Use in litres an hour"),
    "username": lazy("User name"),
    "vessel": lazy("Vessel"),
    "vitals": lazy("Pulse and pressure"),
    "volume_L": lazy("Volume in litres"),
    "was": lazy("before"),
    "why": lazy("Why"),
    "zone": lazy("Zone"),
    "zones": lazy("Zones"),
}

PAGES: dict[str, str | Promise] = {
    "answers": lazy("answers"),
    "audit_list": lazy("the log"),
    "body data": lazy("body data"),
    "booking": lazy("visit"),
    "booking form": lazy("form of a visit"),
    "booking of a course": lazy("booking of a course"),
    "card": lazy("card"),
    "change course": lazy("change of a course"),
    "chart": lazy("chart"),
    "client card": lazy("client's page"),
    "consent to sign": lazy("consent to sign"),
    "consents": lazy("consents"),
    "course": lazy("course"),
    "list of plans": lazy("list of plans"),
    "new course": lazy("new course"),
    "plan": lazy("plan"),
    "plan as data": lazy("plan as data"),
    "report": lazy("report"),
    "screening": lazy("questions"),
    "signed consent": lazy("signed consent"),
    "two plans compared": lazy("two plans compared"),
    "verdict": lazy("verdict"),
}

ANSWERS: dict[str, str | Promise] = {"yes": lazy("yes"), "no": lazy("no"), "unsure": lazy("not sure")}


def field_words(name: str) -> str:
    """The name of a detail in words: a field of a record, a question, or as readable as its key is."""
    if name in FIELDS:
        return str(FIELDS[name])
    question = bridge.knowledge().question.get(name)
    return told(question.ask) if question is not None else name.replace("_", " ")


def value_words(name: str, value: object) -> str:
    """A value in words; what was typed and what is a key stands as it is in the record."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(value_words("", one) for one in value)
    if isinstance(value, dict):
        return "; ".join(f"{field_words(str(key))}: {value_words(str(key), one)}" for key, one in value.items())
    known = {"page": PAGES, "answer": ANSWERS}.get(name, {})
    return str(known.get(str(value), str(value)[:500]))
