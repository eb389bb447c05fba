"""What crosses the bridge: the same case as the core reads from its files, and never who it is about."""

from __future__ import annotations

import datetime
import json
import tomllib
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cryomassage.interchange.client_file import read_client
from cryomassage.knowledge.load import load
from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.permissions import Role
from cryomassage_clinic.charting.models import Mark
from cryomassage_clinic.courses.case import PARTS, case_for, changed_parts, gather, inputs_of
from cryomassage_clinic.courses.models import Approval, Course
from cryomassage_clinic.places.models import Device, Room, Vessel
from cryomassage_clinic.screening.models import AnswerSet, DoctorNote, TestSpot
from tests.clinic.people import House, make_client, make_course
from tests.clinic.plans import answer_all, computed_plan, ready_client, ready_course, today

pytestmark = pytest.mark.unit

EXAMPLES = Path(__file__).parents[2] / "examples"
SAME = ("acne-ln2-swab", "face-ln2-spray", "home-ice", "scalp-hair-loss", "papilloma-doctor", "refused-small-room")


def _number(text: str) -> float:
    return float(text.split(" ", maxsplit=1)[0])


def _room(house: House, file: str) -> Room:
    told = tomllib.loads((EXAMPLES / file).read_text())
    room = Room.objects.create(
        clinic=house.clinic,
        site=house.site,
        name=told["name"],
        floor_area_m2=_number(told["floor_area"]),
        height_m=_number(told["height"]),
        temperature_degC=_number(told["temperature"]) if "temperature" in told else None,
        air_changes_per_h=_number(told["air_changes"]) if "air_changes" in told else None,
        extraction=told.get("extraction"),
        monitor_valid_until=told["monitor"]["valid_until"] if "monitor" in told else None,
        use_L_per_h=_number(told["use"]) if "use" in told else None,
    )
    for vessel in told.get("vessels", []):
        loss = vessel.get("evaporation_per_day")
        Vessel.objects.create(
            clinic=house.clinic,
            room=room,
            name=vessel["name"],
            volume_L=_number(vessel["volume"]),
            count=vessel.get("count", 1),
            evaporation_L_per_day=None if loss is None else _number(loss),
        )
    return room


def _entered(house: House, told: dict[str, Any]) -> Course:
    """A client file of the core, entered into the clinic as people would."""
    person, visit, asked = told["person"], told["visit"], told["request"]
    day: datetime.date = visit["date"]
    client = make_client(
        house,
        code=person["code"],
        birth_date=day.replace(year=day.year - person["age_years"]),
        sex=person["sex"],
        phototype=person["phototype"],
        thin_cheeks=person.get("thin_cheeks"),
    )
    source, professional, review = told.get("source"), told.get("professional"), told.get("review")
    device = None
    if source is not None:
        calibration = source.get("calibration")
        device = Device.objects.create(
            clinic=house.clinic,
            site=house.site,
            name="Source",
            cold_source=source["cold_source"],
            distance_mm=_number(source["distance"]) if "distance" in source else None,
            calibration=None if calibration is None else json.loads(json.dumps(calibration, default=str)),
        )
    course = make_course(
        house,
        client,
        indication=asked["indication"],
        purpose=asked["purpose"],
        zones=asked["zones"],
        method=asked.get("method", ""),
        exposure_class=asked.get("exposure_class"),
        place=visit["place"],
        device=device,
        room=_room(house, told["room_file"]) if "room_file" in told else None,
        professional_name=professional["name"] if professional else "",
        professional_date=professional["date"] if professional else None,
        review_session=review["session"] if review else None,
        review_date=review["date"] if review else None,
        review_benefit=review["benefit"] if review else None,
    )
    moment = datetime.datetime.combine(day, datetime.time(9), ZoneInfo(house.clinic.time_zone)).isoformat()
    about = list(bridge.zones())
    answers = {}
    for key, given in told["answers"].items():
        word = given["answer"] if isinstance(given, dict) else given
        zones = given["zones"] if isinstance(given, dict) else []
        answers[key] = {"answer": str(word), "zones": zones, "about": about, "at": moment}
    AnswerSet.objects.create(
        clinic=house.clinic,
        client=client,
        number=1,
        answers=answers,
        vitals={**told["vitals"], "measured_at": moment} if "vitals" in told else None,
        knowledge_fingerprint=bridge.fingerprint(),
        asked_by=house.operator,
        asked_at=moment,
    )
    owned = {"clinic": house.clinic, "client": client, "entered_by": house.operator}
    if "diagnosis" in told:
        one = told["diagnosis"]
        DoctorNote.objects.create(kind="diagnosis", about=one["what"], doctor=one["doctor"], date=one["date"], **owned)
    if "test_spot" in told:
        spot = told["test_spot"]
        read = {"date": spot["date"], "method": spot["method"], "result": spot["result"]}
        TestSpot.objects.create(read_after_min=_number(spot["read_after"]), **read, **owned)
    marked = {
        "clinic": house.clinic,
        "client": client,
        "made_by": house.operator,
        "picture": "face",
        "x": 0.5,
        "y": 0.5,
    }
    for lesion in told.get("lesion", []):
        sizes = {"diameter_mm": _number(lesion["diameter"]), "thickness_mm": _number(lesion["thickness"])}
        Mark.objects.create(kind="lesion", zone=lesion["zone"], **sizes, **marked)
    for before in told.get("previous", []):
        if before["date"] != "never":
            done = {
                "done_on": before["date"],
                "exposure_class": before["exposure_class"],
                "redness_gone": before["redness_gone"],
            }
            Mark.objects.create(kind="done_before", zone=before["zone"], **done, **marked)
    return course


def _plain(client: Any) -> dict[str, Any]:
    told = client.model_dump(mode="json", by_alias=True, exclude_none=True)
    told.get("room", {}).pop("schema", None)
    for name in ("previous", "lesion"):
        told[name] = sorted(told[name], key=lambda one: one["zone"])
    told["lesion"] = [{k: v for k, v in one.items() if k != "freezes"} for one in told["lesion"]]
    told["previous"] = [one for one in told["previous"] if one["date"] != "never"]
    return told


@pytest.mark.parametrize("name", SAME)
def test_a_case_equals_what_the_core_reads_from_its_own_file(acorn: House, name: str) -> None:
    told = tomllib.loads((EXAMPLES / f"{name}.toml").read_text())
    course = _entered(acorn, told)
    visit = told["visit"]
    case = case_for(course, date=visit["date"], session_number=visit["session"], role=visit["role"])
    assert _plain(bridge.read_case(case)) == _plain(read_client(EXAMPLES / f"{name}.toml", load()))


IDENTITY = {
    "full_name": "Wilhelmina Quixote",
    "phone": "+44 7700 900123",
    "email": "wilhelmina@quixote.example",
    "birth_date": datetime.date(1991, 2, 3),
    "emergency_contact": "Sancho, next door",
    "history": "fell off a horse",
}


def test_identity_is_in_nothing_that_crosses_or_comes_back(acorn: House) -> None:
    from django_tasks_db.models import DBTaskResult

    from cryomassage_clinic.courses.plan_services import ask_plan
    from cryomassage_clinic.courses.tasks import compute_plan

    client = ready_client(acorn, **IDENTITY)
    plan = ask_plan(acorn.actor("operator"), ready_course(acorn, client), today(), 1)
    task = DBTaskResult.objects.get()
    compute_plan.call(str(plan.pk))
    plan.refresh_from_db()
    assert plan.state == plan.State.DONE, plan.error
    crossed = json.dumps(
        [plan.case, plan.inputs, plan.result, plan.pictures, plan.progress, task.args_kwargs], default=str
    )
    for secret in (*IDENTITY.values(), "Wilhelmina", "Quixote", "900123", "3 February"):
        assert str(secret) not in crossed, secret
    assert client.code in plan.result


def test_only_the_code_and_the_body_of_a_person_are_in_a_case(acorn: House) -> None:
    case = case_for(ready_course(acorn, ready_client(acorn, **IDENTITY)), date=today())
    assert set(case["person"]) == {"code", "age_years", "sex", "phototype", "thin_cheeks"}


def _mark(house: House, course: Course, zone: str) -> Mark:
    owned = {"clinic": house.clinic, "client": course.client, "made_by": house.operator}
    return Mark.objects.create(kind="no_go", picture="face", zone=zone, x=0.5, y=0.5, **owned)


def test_a_zone_that_is_kept_off_is_left_out_and_told(acorn: House) -> None:
    course = ready_course(acorn, zones=["cheek", "forehead"])
    _mark(acorn, course, "cheek")
    found = gather(course, date=today())
    assert found.case is not None
    assert found.case["request"]["zones"] == ["forehead"]
    assert found.left_out == ("cheek",)


def test_with_every_zone_kept_off_there_is_no_case(acorn: House) -> None:
    course = ready_course(acorn, zones=["forehead"])
    _mark(acorn, course, "forehead")
    assert gather(course, date=today()).case is None
    with pytest.raises(bridge.InputError, match="no zone left"):
        case_for(course, date=today())


def test_what_is_unknown_is_left_out_and_stands_in_the_way(acorn: House) -> None:
    client = make_client(acorn, sex="", phototype="")
    course = ready_course(acorn, client)
    fields = {problem.field for problem in bridge.problems_of(case_for(course, date=today()))}
    assert {"person.sex", "person.phototype"} <= fields


def test_old_answers_do_not_cross(acorn: House) -> None:
    course = ready_course(acorn)
    course.client.answer_sets.all().delete()
    answer_all(acorn, course.client, at=datetime.datetime(2020, 1, 1, 12, tzinfo=datetime.UTC))
    found = gather(course, date=today())
    assert found.case is not None
    assert "vitals" not in found.case
    assert "pregnancy" in found.stale
    assert "pregnancy" not in found.case["answers"]


def test_an_operator_works_on_a_doctors_approval_and_the_core_is_told_so(acorn: House) -> None:
    course = ready_course(acorn, ready_client(acorn))
    plan = computed_plan(acorn, course)
    course.exposure_class, course.indication, course.method = 2, "oily_skin", "ln2_swab"
    assert "approval" not in case_for(course, date=today())
    Approval.objects.create(
        clinic=acorn.clinic,
        plan=plan,
        content_sha256=plan.content_sha256,
        approved_by=acorn.doctor,
        role=Role.DOCTOR,
        approved_at=plan.computed_at,
    )
    assert case_for(course, date=today())["approval"]["doctor"] == acorn.doctor.full_name
    assert "approval" not in case_for(course, date=today(), role="doctor")
    Approval.objects.update(revoked_at=plan.computed_at, revoked_by=acorn.doctor, revoked_reason="a slip")
    assert "approval" not in case_for(course, date=today())


# --- noticing a change ----------------------------------------------------------------------------------


def test_nothing_changed_is_nothing_stale(acorn: House) -> None:
    course = ready_course(acorn)
    then = json.loads(json.dumps(inputs_of(course, today())))
    assert changed_parts(then, inputs_of(course, today())) == []


def test_a_new_phone_number_makes_nothing_stale(acorn: House) -> None:
    course = ready_course(acorn)
    then = inputs_of(course, today())
    course.client.phone, course.client.version = "+44 1", 2
    course.client.save()
    course = Course.objects.get(pk=course.pk)
    assert changed_parts(then, inputs_of(course, today())) == []


def _new_answer(house: House, course: Course) -> None:
    answer_all(house, course.client, keloids="yes")


def _older(house: House, course: Course) -> None:
    course.client.birth_date = datetime.date(1950, 1, 1)
    course.client.save()


def _other_wish(house: House, course: Course) -> None:
    course.zones = ["chin"]
    course.save()


def _vessel(house: House, course: Course) -> None:
    Vessel.objects.create(clinic=house.clinic, room=house.room, name="Dewar", volume_L=10.0)


def _calibrated(house: House, course: Course) -> None:
    house.device.distance_mm = 60.0
    house.device.save()


def _diagnosed(house: House, course: Course) -> None:
    note = {"kind": "diagnosis", "about": course.indication, "doctor": "Dr Who", "date": today()}
    DoctorNote.objects.create(clinic=house.clinic, client=course.client, entered_by=house.operator, **note)


def _treated(house: House, course: Course) -> None:
    done = {"done_on": today(), "exposure_class": 1, "redness_gone": True, "picture": "face", "x": 0.5, "y": 0.5}
    Mark.objects.create(
        clinic=house.clinic, client=course.client, made_by=house.operator, kind="done_before", zone="forehead", **done
    )


def _kept_off(house: House, course: Course) -> None:
    _mark(house, course, "cheek")


def _reviewed(house: House, course: Course) -> None:
    course.review_session, course.review_date, course.review_benefit = 4, today(), True
    course.save()


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (_new_answer, "answers"),
        (_older, "person"),
        (_other_wish, "request"),
        (_vessel, "room"),
        (_calibrated, "source"),
        (_diagnosed, "diagnosis"),
        (_treated, "previous"),
        (_kept_off, "zones"),
        (_reviewed, "review"),
    ],
)
def test_a_change_is_noticed_and_named(acorn: House, change: Any, part: str) -> None:
    wish = {"method": "ln2_swab", "device": acorn.device, "room": acorn.room, "exposure_class": None}
    course = ready_course(acorn, zones=["cheek", "forehead"], **wish)
    then = inputs_of(course, today())
    change(acorn, course)
    found = changed_parts(then, inputs_of(Course.objects.get(pk=course.pk), today()))
    assert part in found


@pytest.mark.parametrize("key", ["knowledge", "engine"])
def test_another_program_makes_a_plan_stale(acorn: House, key: str) -> None:
    course = ready_course(acorn)
    now = inputs_of(course, today())
    assert changed_parts({**now, key: "another"}, now) == [key]


def test_every_part_of_a_case_is_watched(acorn: House) -> None:
    from cryomassage.records.client import Client

    named = {field.alias or name for name, field in Client.model_fields.items()}
    assert named - {"schema"} == set(PARTS)
