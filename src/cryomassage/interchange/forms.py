"""The three forms: client, room and scenario."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from cryomassage.errors import InputError, Problem
from cryomassage.interchange.template import Blank, Form, Kind, Section, listed, quoted
from cryomassage.interchange.toml_file import suggestion
from cryomassage.knowledge.questionnaire import Question
from cryomassage.knowledge.schema import Knowledge, Method
from cryomassage.planning.answers import BODY_QUESTIONS, applies
from cryomassage.planning.route import resolve_method
from cryomassage.records import client as client_record
from cryomassage.records import room as room_record
from cryomassage.records import scenario as scenario_record
from cryomassage.records.client import Client

_VITALS = {"systolic": "120 mmHg", "diastolic": "80 mmHg", "pulse": "70 1/min"}


@dataclass(frozen=True)
class Wish:
    """What a client form is made for."""

    indication: str
    place: str
    method: str | None
    zones: tuple[str, ...]
    sex: str | None
    date: datetime.date


def _check(wish: Wish, knowledge: Knowledge) -> None:
    """Refuse a wish that names what does not exist."""
    problems = []
    if wish.indication not in knowledge.indication:
        problems.append(("--indication", wish.indication, list(knowledge.indication)))
    if wish.method is not None and wish.method not in knowledge.method:
        problems.append(("--method", wish.method, list(knowledge.method)))
    problems += [("--zone", zone, list(knowledge.zone)) for zone in wish.zones if zone not in knowledge.zone]
    if wish.place not in ("salon", "home"):
        problems.append(("--place", wish.place, ["salon", "home"]))
    if wish.sex not in (None, "female", "male"):
        problems.append(("--sex", str(wish.sex), ["female", "male"]))
    if problems:
        raise InputError(
            "new client",
            [
                Problem(field, repr(word), "there is no such entry", suggestion(word, known))
                for field, word, known in problems
            ],
        )


def _sketch(wish: Wish, zones: tuple[str, ...]) -> Client:
    """A client of whom only the wish is known; whoever may be a woman is asked what women are asked."""
    return Client.model_validate(
        {
            "schema": client_record.SCHEMA,
            "person": {"code": "form", "age_years": 30, "sex": wish.sex or "female", "phototype": "ii"},
            "visit": {"date": wish.date, "place": wish.place, "role": "operator"},
            "request": {
                "indication": wish.indication,
                "purpose": "preventive",
                "zones": zones,
                "method": wish.method,
            },
            "answers": {},
        }
    )


def _zones(wish: Wish, method: str, knowledge: Knowledge) -> tuple[str, ...]:
    """The zones wished for, or all that the indication has for this method."""
    if wish.zones:
        return wish.zones
    routes = knowledge.indication[wish.indication].routes
    found = [zone for route in routes if route.method == method for zone in route.zones]
    if not found:
        raise InputError(
            "new client",
            [
                Problem(
                    "--method",
                    repr(method),
                    f"“{knowledge.indication[wish.indication].name}” has no zones for it",
                    "Name the zones with --zone, or another method.",
                )
            ],
        )
    return tuple(dict.fromkeys(found))


def _question_blank(key: str, question: Question) -> Blank:
    kinds: dict[str, Kind] = {"yes_no": "choice", "choice": "choice", "date_or_no": "date_or_no"}
    choices = ("yes", "no", "unsure") if question.answer == "yes_no" else (*question.choices, "unsure")
    return Blank(key, f"{question.number}. {question.ask}", kinds[question.answer], question.why, choices)


def _person(wish: Wish) -> Section:
    sex = "" if wish.sex is None else quoted(wish.sex)
    return Section(
        "[person]",
        (
            Blank("code", "A code, never a name: letters, digits, dot, dash."),
            Blank("age_years", "Age in years.", "whole"),
            Blank("sex", "Skin thickness depends on it.", "choice", choices=("female", "male"), given=sex),
            Blank(
                "phototype",
                "Skin type, from i (always burns) to vi (never burns).",
                "choice",
                "Pigment cells are the cells that cold harms first.",
                ("i", "ii", "iii", "iv", "v", "vi"),
            ),
            Blank("thin_cheeks", "Are the cheeks thin, with little fat under them?", "flag"),
        ),
        "Who: no identity, only what the dose depends on.",
    )


def _visit(wish: Wish) -> Section:
    return Section(
        "[visit]",
        (
            Blank("date", "Day of the visit.", "date", given=wish.date.isoformat()),
            Blank("place", "Where: salon or home.", "choice", given=quoted(wish.place)),
            Blank(
                "role",
                "Who works; it is printed as unverified.",
                "choice",
                choices=("client", "operator", "doctor"),
            ),
            Blank("session", "Which session of the course this is.", "whole", given="1"),
        ),
        "Where and when.",
    )


def _request(wish: Wish, zones: tuple[str, ...], method: str, knowledge: Knowledge) -> Section:
    indication = knowledge.indication[wish.indication]
    return Section(
        "[request]",
        (
            Blank("indication", f"What for: {indication.name}.", given=quoted(wish.indication)),
            Blank("purpose", "To prevent, or to treat.", "choice", choices=("preventive", "therapeutic")),
            Blank("zones", "Strike the zones that are not worked.", "list", given=listed(zones)),
            Blank("method", f"How: {knowledge.method[method].name}.", given=quoted(method)),
        ),
        "What is wished.",
    )


def _source(method: Method) -> Section:
    default, *others = method.sources
    told = (
        f"The cold source in the hand; this method also knows: {', '.join(others)}." if others else "The cold source."
    )
    return Section("[source]", (Blank("cold_source", told, given=quoted(default)),), "With what.")


def _vitals(asked: dict[str, Question]) -> Iterator[Section]:
    blanks = tuple(
        Blank(key, f"{asked[key].number}. {asked[key].ask}", "quantity", asked[key].why, unit=example)
        for key, example in _VITALS.items()
        if key in asked
    )
    if blanks:
        yield Section("[vitals]", blanks, "Measured today.")


def _circumstances(wish: Wish, zones: tuple[str, ...], method_key: str, knowledge: Knowledge) -> Iterator[Section]:
    """What only some clients need: professional, diagnosis, approval, test spot."""
    method, indication = knowledge.method[method_key], knowledge.indication[wish.indication]
    doctor = Blank("doctor", "Name of the doctor.")
    date = Blank("date", "Day.", "date")
    if wish.place == "home":
        yield Section(
            "[professional]",
            (
                Blank("name", "Name and profession of who was asked."),
                date,
                Blank("zones", "Zones that were asked about.", "list", choices=zones),
            ),
            "Before cold is used at home a therapist or cosmetologist is asked.",
        )
    if indication.needs_diagnosis:
        what = Blank("what", "What was diagnosed.", given=quoted(wish.indication))
        yield Section("[diagnosis]", (what, doctor, date), "A doctor has said what this is.")
    if method.motion == "spot":
        yield Section(
            "[[lesion]]",
            (
                Blank("zone", "Where the lesion is.", "choice", choices=zones),
                Blank("diameter", "Of the lesion, with a ruler.", "quantity", unit="4 mm"),
                Blank("thickness", "From its top down to its base.", "quantity", unit="0.6 mm"),
                Blank("freezes", "In the session, 1 or 2.", "whole", given="1"),
                Blank(
                    "depth_limit",
                    "Ice may go so deep from its top.",
                    "quantity",
                    "Only less.",
                    unit="2 mm",
                    optional=True,
                ),
            ),
            "The lesion that is frozen; repeat this table for each.",
        )
    levels = {f"class_{route.exposure_class}" for route in indication.routes if route.method == method_key}
    if any(knowledge.exposure_class[level].needs_doctor_approval for level in levels):
        yield Section(
            "[approval]",
            (doctor, date),
            "A doctor's approval, where the class needs one and no doctor works.",
            optional=True,
        )
    if method.liquid_nitrogen:
        results = ("clear", "hives", "blister", "lasting_white", "other")
        yield Section(
            "[test_spot]",
            (
                Blank("date", "Day of the spot.", "date"),
                Blank("method", "Method of the spot.", given=quoted(method_key)),
                Blank("read_after", "When it was read.", "quantity", unit="15 min"),
                Blank("result", "What was seen.", "choice", choices=results),
            ),
            "The first touch of liquid nitrogen, on a small spot; without it only the spot is planned.",
            optional=True,
        )
    yield Section(
        "[[previous]]",
        (
            Blank("zone", "Zone of an earlier session.", "choice", choices=zones),
            date,
            Blank("exposure_class", "Its class, 0 to 4.", "whole"),
            Blank("redness_gone", "Is its redness gone?", "flag"),
        ),
        'From the second session on: the last session on each zone, or date = "never" alone.',
        optional=True,
    )


def client_form(wish: Wish, knowledge: Knowledge) -> Form:
    """The questions that apply to a wish, and nothing else.

    Raises:
        InputError: the wish names what does not exist.
    """
    _check(wish, knowledge)
    first = wish.zones or (next(iter(knowledge.zone)),)
    method_key = resolve_method(_sketch(wish, first), knowledge)
    zones = _zones(wish, method_key, knowledge)
    method, sketch = knowledge.method[method_key], _sketch(wish, zones)
    asked = {
        key: question for key, question in knowledge.question.items() if applies(question, sketch, method, knowledge)
    }
    head = [Blank("schema", "Which form this is.", given=quoted(client_record.SCHEMA))]
    if method.liquid_nitrogen:
        head.append(
            Blank(
                "room_file",
                "The room, whose oxygen nitrogen takes; make it with: cryomassage new room room.toml",
                given=quoted("room.toml"),
            )
        )
    answers = tuple(_question_blank(key, one) for key, one in asked.items() if key not in BODY_QUESTIONS)
    comment = (
        'Where "there" holds for some zones only: key = { answer = "yes", zones = ["chin"] }. '
        "Unsure counts as a reason to ask a doctor."
    )
    if wish.sex is None:
        comment += " Strike for men what only women are asked."
    return Form(
        f"Client: {knowledge.indication[wish.indication].name}, {method.name}, {wish.place}.",
        (
            Section("", tuple(head)),
            _person(wish),
            _visit(wish),
            _request(wish, zones, method_key, knowledge),
            _source(method),
            *_vitals(asked),
            *_circumstances(wish, zones, method_key, knowledge),
            Section("[answers]", answers, comment),
        ),
    )


def room_form() -> Form:
    """A room with its vessels; what is unknown is left out."""
    unknown = "Strike the line when it is unknown; unknown counts against the room."
    return Form(
        "Room in which liquid nitrogen is used or kept.",
        (
            Section(
                "",
                (
                    Blank("schema", "Which form this is.", given=quoted(room_record.SCHEMA)),
                    Blank("name", "What the room is called."),
                    Blank("floor_area", "Floor area.", "quantity", unit="12 m^2"),
                    Blank("height", "Height of the ceiling.", "quantity", unit="2.7 m"),
                    Blank("temperature", "Temperature of the air.", "quantity", unit="23 degC", optional=True),
                    Blank("air_changes", "Air changes an hour, as measured.", "quantity", unknown, unit="2 1/h"),
                    Blank("extraction", "Is there a fan that takes air out near the floor?", "flag", unknown),
                    Blank("use", "Liquid nitrogen used in work.", "quantity", unknown, unit="0.5 L/h"),
                ),
            ),
            Section(
                "[monitor]",
                (Blank("valid_until", "Until when the calibration of the oxygen monitor holds.", "date"),),
                "An oxygen monitor, if there is one.",
                optional=True,
            ),
            Section(
                "[[vessels]]",
                (
                    Blank("name", "What the vessel is called."),
                    Blank("volume", "How much liquid it holds.", "quantity", unit="2 L"),
                    Blank("count", "How many of them.", "whole", given="1"),
                    Blank(
                        "evaporation_per_day",
                        "What it loses while it stands.",
                        "quantity",
                        unknown,
                        unit="0.15 L/day",
                    ),
                ),
                "Every vessel that stands in the room or is carried into it; repeat this table for each.",
            ),
        ),
    )


def scenario_form(knowledge: Knowledge) -> Form:
    """A scenario that is about nobody."""
    return Form(
        "Scenario for cryomassage simulate. It is about nobody and plans nothing.",
        (
            Section(
                "",
                (
                    Blank("schema", "Which form this is.", given=quoted(scenario_record.SCHEMA)),
                    Blank("name", "What the simulation is called."),
                    Blank(
                        "site",
                        'Zone of the skin; or "phantom", with [phantom] below.',
                        "choice",
                        choices=(*knowledge.zone, scenario_record.PHANTOM),
                    ),
                    Blank("sex", "Skin thickness depends on it.", "choice", choices=("female", "male")),
                    Blank("room_temperature", "Temperature of the air.", "quantity", unit="23 degC"),
                    Blank("cold_source", "What is cold.", "choice", choices=tuple(knowledge.cold_source)),
                    Blank("barrier", "What lies between.", "choice", choices=tuple(knowledge.barrier)),
                    Blank("virtual_skins", "How many skins are drawn.", "whole", given="256"),
                    Blank("seed", "The same seed gives the same skins.", "whole", given="1"),
                    Blank("depths", "More depths to be told.", given=listed(["2 mm"])),
                ),
            ),
            Section(
                "[phantom]",
                (
                    Blank("thickness", "Of the gel.", "quantity", unit="40 mm"),
                    Blank("start_temperature", "Of the gel.", "quantity", unit="32 degC"),
                ),
                'Only for site = "phantom": a block of agarose gel.',
                optional=True,
            ),
            Section(
                "[exchange]",
                (
                    Blank("heat_transfer_coefficient", "From surface to sink.", "quantity", unit="300 W/(m^2*K)"),
                    Blank("sink_temperature", "Of the sink.", "quantity", unit="-100 degC"),
                ),
                'Instead of cold_source and barrier: numbers; or only heat_flux, such as "-2400 W/m^2".',
                optional=True,
            ),
            Section(
                "[pulse_train]",
                (
                    Blank("dwell", "How long the cold touches.", "quantity", unit="0.5 s"),
                    Blank("period", "From touch to touch.", "quantity", unit="20 s"),
                    Blank("count", "How many touches.", "whole"),
                    Blank("watch", "Time watched after the last.", "quantity", unit="60 s"),
                ),
                "Instead of [[phase]]: the same touch again and again.",
                optional=True,
            ),
            Section(
                "[[phase]]",
                (
                    Blank("duration", "How long the cold is on.", "quantity", unit="20 s"),
                    Blank("on", "true: cold; false: the room.", "flag", given="true"),
                ),
                "The exposure; repeat this table for each stretch, with on = false to watch rewarming.",
            ),
        ),
    )
