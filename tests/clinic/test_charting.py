"""The chart: pictures that agree with the knowledge, marks that are kept, and what the core is told of them."""

from __future__ import annotations

import datetime
import itertools
import uuid
from typing import Any

import pytest
from django.test import Client as Browser

from cryomassage_clinic import bridge
from cryomassage_clinic.audit.models import AuditRow
from cryomassage_clinic.charting.drawing import PLACES, spot_of
from cryomassage_clinic.charting.maps import colour_at, zone_map_svg
from cryomassage_clinic.charting.models import Mark
from cryomassage_clinic.charting.pictures import inside, pictures
from cryomassage_clinic.charting.selectors import lesions_for_case, no_go_zones, previous_for_case
from cryomassage_clinic.clients.models import Client
from tests.clinic.people import House, make_client, make_course

pytestmark = pytest.mark.unit


@pytest.fixture
def client(acorn: House) -> Client:
    return make_client(acorn)


@pytest.fixture
def operator(acorn: House) -> Browser:
    return acorn.browser("operator")


def address(client: Client, **more: str) -> str:
    asked = "&".join(f"{key}={value}" for key, value in more.items())
    return f"/chart/client/{client.pk}/?{asked}"


def lesion(**more: Any) -> dict[str, Any]:
    return {"kind": "lesion", "place": "tapped", "x": "0.7", "y": "0.55", **more}


def test_every_zone_of_the_knowledge_is_on_a_picture_and_no_picture_invents_one() -> None:
    drawn = {shape.zone for picture in pictures().values() for shape in picture.shapes}
    assert drawn == set(bridge.zones())
    for picture in pictures().values():
        assert set(picture.zones) == {shape.zone for shape in picture.shapes}


def test_zones_with_two_sides_are_drawn_twice_and_the_left_is_the_clients() -> None:
    for picture in pictures().values():
        for zone in picture.zones:
            shapes = [shape for shape in picture.shapes if shape.zone == zone]
            sides = sorted(shape.side for shape in shapes)
            assert sides in ([""], ["left", "right"]), (picture.key, zone)
            if len(shapes) == 2:
                left = next(shape for shape in shapes if shape.side == "left")
                on_viewers_right = left.label[0] > picture.width / 2
                assert on_viewers_right is (picture.view == "front"), (picture.key, zone)


def test_outlines_lie_inside_the_picture_and_their_labels_inside_them() -> None:
    for picture in pictures().values():
        for shape in picture.shapes:
            assert all(0 <= x <= picture.width and 0 <= y <= picture.height for x, y in shape.outline), shape.key
            assert inside(shape.outline, shape.label), shape.key


def test_zones_of_a_picture_do_not_lie_on_each_other() -> None:
    for picture in pictures().values():
        for one, other in itertools.combinations(picture.shapes, 2):
            shared = sum(inside(other.outline, point) for point in one.outline)
            assert shared <= 0.05 * len(one.outline), (picture.key, one.key, other.key)


def test_every_massage_line_of_the_knowledge_is_drawn() -> None:
    for key, zone in bridge.zones().items():
        shapes = [shape for picture in pictures().values() for shape in picture.shapes if shape.zone == key]
        drawn = {line.number for shape in shapes for line in shape.lines}
        # An older line of the neck is the operator's choice, and is not shown as the one to follow.
        followed = {number for number, line in enumerate(zone.massage_lines) if "by choice" not in line.end}
        assert drawn == followed, key


@pytest.mark.parametrize("place", sorted(PLACES))
def test_a_place_told_in_words_lies_in_its_zone(place: str) -> None:
    for picture in pictures().values():
        for shape in picture.shapes:
            x, y = spot_of(picture, shape, place)
            assert inside(shape.outline, (x * picture.width, y * picture.height)), (shape.key, place)


def test_the_page_shows_zones_as_links_and_the_zone_that_was_chosen(client: Client, operator: Browser) -> None:
    page = operator.get(address(client, zone="cheek", side="left")).content.decode()
    assert page.count("data-zone-link") == len(pictures()["face"].shapes)
    assert "Cheeks, left" in page
    assert "Put a mark here" in page
    assert "s left</text>" in page


def test_a_mark_is_kept_where_it_was_put(client: Client, operator: Browser, acorn: House) -> None:
    answer = operator.post(address(client, zone="cheek", side="left"), lesion(diameter_mm="4,5", thickness_mm="0.6"))
    assert answer.status_code == 302
    mark = Mark.objects.get(client=client)
    assert (mark.zone, mark.side, mark.x, mark.y, mark.diameter_mm) == ("cheek", "left", 0.7, 0.55, 4.5)
    row = AuditRow.objects.get(action="mark.made")
    assert row.subject_id == str(mark.pk)
    assert lesions_for_case(client, ["cheek"]) == [{"zone": "cheek", "diameter": "4.5 mm", "thickness": "0.6 mm"}]
    assert lesions_for_case(client, ["chin"]) == []


def test_without_a_tap_the_list_of_places_does(client: Client, operator: Browser) -> None:
    operator.post(address(client, zone="nose"), {"kind": "no_go", "place": "lower", "x": "", "y": ""})
    mark = Mark.objects.get(client=client)
    shape = pictures()["face"].shape("nose")
    assert shape is not None
    picture = pictures()["face"]
    assert inside(shape.outline, (mark.x * picture.width, mark.y * picture.height))
    assert no_go_zones(client) == {"nose"}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (lesion(diameter_mm="400"), "at most"),
        (lesion(thickness_mm="9"), "at most"),
        (lesion(diameter_mm="abc"), "in millimetres"),
        (lesion(kind=""), "Say what the mark means"),
        (lesion(kind="magic"), "Choose one"),
        (lesion(x="7"), ""),
        (lesion(note="x" * 301), ""),
        (lesion(note="a\u202eb"), "cannot be seen"),
        ({"kind": "done_before", "place": "middle"}, "Say never, or when"),
        ({"kind": "done_before", "place": "middle", "before": "once"}, "Give the day"),
        (
            {"kind": "done_before", "place": "middle", "before": "once", "done_on": "2999-01-01", "exposure_class": "1",
             "redness_gone": "yes"},
            "in the future",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words_and_nothing_is_kept(
    client: Client, operator: Browser, data: dict[str, Any], told: str
) -> None:
    answer = operator.post(address(client, zone="cheek", side="left"), data)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not Mark.objects.exists()


def test_hostile_text_is_shown_as_text(client: Client, operator: Browser) -> None:
    operator.post(address(client, zone="cheek", side="left"), lesion(note="<script>alert(1)</script>\"'"))
    page = operator.get(address(client)).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;" in page


def test_a_change_keeps_the_old_mark_as_taken_away(client: Client, operator: Browser) -> None:
    operator.post(address(client, zone="cheek", side="left"), lesion())
    first = Mark.objects.get()
    operator.post(address(client, mark=str(first.pk)), lesion(x="0.72", y="0.6"))
    first.refresh_from_db()
    assert first.removed_at is not None
    assert Mark.objects.get(removed_at=None).x == 0.72
    assert operator.post(address(client, mark=str(first.pk)), lesion()).status_code == 302  # gone: back to the chart
    assert Mark.objects.filter(removed_at=None).count() == 1


def test_a_mark_is_taken_away_once_and_the_row_stays(client: Client, operator: Browser) -> None:
    operator.post(address(client, zone="cheek", side="left"), lesion(kind="no_go"))
    mark = Mark.objects.get()
    operator.post(f"/chart/mark/{mark.pk}/remove/")
    operator.post(f"/chart/mark/{mark.pk}/remove/")
    mark.refresh_from_db()
    assert mark.removed_by is not None
    assert no_go_zones(client) == set()
    assert AuditRow.objects.filter(action="mark.removed").count() == 1


def test_sending_a_form_twice_makes_one_mark(client: Client, operator: Browser) -> None:
    data = lesion(submission=str(uuid.uuid4()))
    operator.post(address(client, zone="cheek", side="left"), data)
    operator.post(address(client, zone="cheek", side="left"), data)
    assert Mark.objects.count() == 1


def test_earlier_sessions_are_told_to_the_core_and_the_latest_counts(client: Client, operator: Browser) -> None:
    def before(day: str, level: str, red: str) -> None:
        data = {"kind": "done_before", "place": "middle", "before": "once", "done_on": day, "exposure_class": level,
                "redness_gone": red}  # fmt: skip
        assert operator.post(address(client, zone="cheek", side="left"), data).status_code == 302

    before("2026-01-05", "1", "yes")
    before("2026-02-05", "1", "yes")
    before("2026-02-05", "2", "no")
    assert previous_for_case(client, ["cheek", "chin"]) == [
        {"zone": "cheek", "date": datetime.date(2026, 2, 5), "exposure_class": 2, "redness_gone": False}
    ]


def test_never_is_an_answer_and_silence_is_none(acorn: House, client: Client, operator: Browser) -> None:
    course = make_course(acorn, client)
    page = operator.get(address(client, course=str(course.pk))).content.decode()
    assert page.count(": never") == 2
    operator.post(f"/chart/client/{client.pk}/never/", {"course": str(course.pk), "zone": ["cheek"]})
    assert previous_for_case(client, course.zones) == [{"zone": "cheek", "date": "never"}]
    operator.post(f"/chart/client/{client.pk}/never/", {"course": str(course.pk), "zone": ["nose", "cheek"]})
    assert Mark.objects.count() == 1


@pytest.mark.parametrize(
    ("who", "code"), [("owner", 200), ("doctor", 200), ("operator", 200), ("inspector", 200), ("reception", 403)]
)
def test_who_may_look(acorn: House, client: Client, who: str, code: int) -> None:
    assert acorn.browser(who).get(address(client)).status_code == code


@pytest.mark.parametrize("who", ["reception", "inspector"])
def test_who_may_not_write(acorn: House, client: Client, who: str) -> None:
    answer = acorn.browser(who).post(address(client, zone="cheek", side="left"), lesion())
    assert answer.status_code == 403
    assert not Mark.objects.exists()


def test_another_clinic_sees_nothing(acorn: House, birch: House, client: Client, operator: Browser) -> None:
    operator.post(address(client, zone="cheek", side="left"), lesion())
    mark, stranger = Mark.objects.get(), birch.browser("owner")
    assert stranger.get(address(client)).status_code == 404
    assert stranger.post(f"/chart/mark/{mark.pk}/remove/").status_code == 404
    assert stranger.post(f"/chart/client/{client.pk}/never/").status_code == 404
    course = make_course(birch, make_client(birch, code="B1"))
    assert operator.get(address(client, course=str(course.pk))).status_code == 404
    assert operator.get(f"/chart/client/{uuid.uuid4()}/").status_code == 404
    assert operator.get(f"/chart/mark/{mark.pk}/remove/").status_code == 405
    assert Browser().get(address(client)).status_code == 302


def test_a_course_of_somebody_else_is_not_shown_here(acorn: House, client: Client, operator: Browser) -> None:
    course = make_course(acorn, make_client(acorn, code="C2", full_name="Other"))
    assert operator.get(address(client, course=str(course.pk))).status_code == 404


def test_looking_is_written_down(client: Client, operator: Browser) -> None:
    operator.get(address(client))
    assert AuditRow.objects.filter(action="read", subject_id=str(client.pk)).count() == 1


def test_a_map_has_a_label_for_each_value_and_a_floor() -> None:
    svg = str(zone_map_svg({"cheek": 8.4, "chin": 12.2}, unit="°C", low=5, high=34, floor=5, title="Coldest"))
    assert ">8</text>" in svg
    assert ">12</text>" in svg
    assert "floor 5" in svg
    assert "style=" not in svg


def test_the_scale_of_a_map_grows_evenly_lighter() -> None:
    def light(colour: str) -> float:
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    steps = [light(colour_at(share / 20)) for share in range(21)]
    assert steps == sorted(steps)
