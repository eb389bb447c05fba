from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from cryomassage.engine.patch import Footprint, Patch, PatchResult, Strokes, Surroundings
from cryomassage.engine.patch_schedule import PatchNumerics
from cryomassage.engine.patch_solver import advance_patch
from cryomassage.errors import InputError
from cryomassage.interchange.patch_scenario_file import check_patch_scenario
from cryomassage.knowledge.load import load
from cryomassage.planning.strokes import generators
from cryomassage.planning.strokes.coverage import passes_seen
from cryomassage.planning.strokes.footprints import MovingSource, Part, even_part, source_of_knowledge
from cryomassage.planning.strokes.path import Timeline, drawn_path, engine_strokes, timeline
from cryomassage.planning.strokes.plan import lay
from cryomassage.planning.strokes.shapes import Outline, outline_of, rectangle
from cryomassage.planning.strokes.transform import mirror, rotate, translate
from cryomassage.records.patch_scenario import SCHEMA, PatchScenario
from cryomassage.records.stroke_plan import Stroke, StrokePlan

pytestmark = pytest.mark.unit

PATTERNS = {
    "massage_lines": "ln2_swab",
    "raster": "ln2_spray_nozzle_a",
    "spiral": "ln2_spray_nozzle_b",
    "paint_brush": "ln2_spray_nozzle_b",
    "partings": "ln2_vapour_swab",
    "circling": "ice_bare",
}
SIDE_mm = 24.0  # of the square on which results are compared


def scenario(**changes: Any) -> PatchScenario:
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "zone": "cheek",
        "sex": "female",
        "cold_source": "ln2_spray_nozzle_a",
        "pattern": "raster",
        **changes,
    }
    read = PatchScenario.model_validate({key: value for key, value in data.items() if value is not None})
    return check_patch_scenario(read, load(), "scenario")


def plan(*paths: tuple[tuple[float, float], ...], **changes: Any) -> StrokePlan:
    strokes = tuple(Stroke(path_mm=path) for path in paths)
    return StrokePlan(**{"zone": "cheek", "pattern": "given", "strokes": strokes, "speed_mm_s": 10.0, **changes})


def source(**changes: Any) -> MovingSource:
    part = Part(Footprint.ELLIPSE, 300.0, 3e-3, 10e-3)
    return MovingSource(
        **{
            "name": "test",
            "parts": (part,),
            "sink_degC": -100.0,
            "touches": True,
            "half_width": 10e-3,
            "room_degC": 23.0,
            **changes,
        }
    )


# --- zones laid flat ------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", sorted(load().zone))
def test_every_zone_lies_flat_with_the_area_that_it_states(key: str) -> None:
    knowledge = load()
    zone, outline = knowledge.zone[key], outline_of(knowledge.zone_shape[key])
    assert outline.area_mm2 / 100.0 * zone.sides == pytest.approx(zone.area.value, rel=0.03)
    for family in knowledge.zone_shape[key].families:
        for line in family.lines_mm:
            assert outline.stays_inside(line), f"{family.name}: {line}"


def test_shapes_and_footprints_belong_to_zones_and_sources() -> None:
    knowledge = load()
    assert set(knowledge.zone_shape) == set(knowledge.zone)
    assert set(knowledge.footprint) <= set(knowledge.cold_source)
    planned = {key for key, entry in knowledge.cold_source.items() if entry.role == "planned"}
    assert planned <= set(knowledge.footprint)


def test_depth_of_a_rectangle_is_the_distance_from_its_edge() -> None:
    outline = rectangle(100.0, 60.0)
    places = np.array([[50.0, 30.0], [1.0, 30.0], [-3.0, 30.0], [103.0, 64.0]])
    assert outline.depth_mm(places) == pytest.approx([30.0, 1.0, -3.0, -5.0])
    assert outline.area_mm2 == 6000.0
    assert outline.deepest_mm[1] == pytest.approx(30.0, abs=2.0)
    dented = Outline(np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 50.0], [50.0, 5.0], [0.0, 50.0]]))
    assert len(dented.runs((0.0, 30.0), (100.0, 30.0), 0.0)) == 2
    assert not dented.stays_inside(((10.0, 30.0), (90.0, 30.0)))


def test_a_window_cuts_a_zone() -> None:
    part = rectangle(100.0, 60.0).within(10.0, 20.0, 40.0, 90.0)
    assert part is not None
    assert part.area_mm2 == pytest.approx(30.0 * 40.0)
    assert part.low_mm == (10.0, 20.0)
    assert rectangle(100.0, 60.0).within(200.0, 0.0, 300.0, 50.0) is None


# --- generators -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("zone", ["cheek", "forehead", "jaw", "scalp", "upper_lip"])
def test_patterns_stay_in_the_zone(pattern: str, zone: str) -> None:
    laid = lay(scenario(zone=zone, pattern=pattern, cold_source=PATTERNS[pattern]), load())
    assert laid.plan.strokes
    for stroke in laid.plan.strokes:
        assert laid.outline.stays_inside(stroke.path_mm)


def test_raster_by_hand() -> None:
    # Inset 10 mm leaves 80 x 40 mm; at most 15 mm apart makes four strips, 13.33 mm apart.
    (stroke,) = generators.raster(rectangle(100.0, 60.0), 15.0, 10.0)
    path = np.array(stroke.path_mm)
    assert path[:, 1] == pytest.approx(np.repeat([10.0, 70.0 / 3.0, 110.0 / 3.0, 50.0], 2))
    assert path[:, 0] == pytest.approx([10.0, 90.0, 90.0, 10.0, 10.0, 90.0, 90.0, 10.0])
    assert float(np.hypot(*np.diff(path, axis=0).T).sum()) == pytest.approx(4 * 80.0 + 40.0)
    (up,) = generators.raster(rectangle(100.0, 60.0), 15.0, 10.0, "up")
    assert len({round(x, 6) for x, _ in up.path_mm}) == 7


def test_paint_brush_goes_there_and_back_in_each_band() -> None:
    bands = generators.paint_brush(rectangle(100.0, 60.0), 15.0, 10.0, 3)
    assert len(bands) == 4
    assert [x for x, _ in bands[1].path_mm] == [10.0, 90.0, 10.0, 90.0, 10.0, 90.0, 10.0]
    assert len({y for _, y in bands[1].path_mm}) == 1


def test_spiral_begins_deep_and_ends_along_the_edge() -> None:
    outline = rectangle(100.0, 60.0)
    (stroke,) = generators.spiral(outline, 10.0, 8.0)
    depth = outline.depth_mm(np.array(stroke.path_mm))
    assert stroke.path_mm[0] == outline.deepest_mm
    # Chords cut the corners of a rectangle, so the last turn comes as near as the inset, and not nearer.
    assert depth[-48:] == pytest.approx(8.0, abs=0.3)
    assert depth.min() > 7.7


def test_partings_run_from_the_front_to_the_nape_from_the_middle_out() -> None:
    lines = generators.partings(rectangle(80.0, 200.0), 15.0, 10.0)
    assert all(stroke.path_mm[0][1] > stroke.path_mm[-1][1] for stroke in lines)
    away = [abs(stroke.path_mm[0][0] - 40.0) for stroke in lines]
    assert away == sorted(away)
    assert len(lines) == 5


BENT = Outline(
    np.array(
        [[0.0, 0.0], [120.0, 0.0], [120.0, 80.0], [90.0, 80.0], [90.0, 30.0], [30.0, 30.0], [30.0, 80.0], [0.0, 80.0]]
    )
)


def test_circles_turn_round_a_centre_that_moves_on() -> None:
    # A bent zone is not gone around, so the circles lie in strips.
    (first, *others) = generators.circling(BENT, 20.0, 2.0, 20.0)
    path = np.array(first.path_mm)
    assert np.ptp(path[:, 1]) >= 20.0 - 0.2
    # The strip runs from 12 to 108 mm, at half a diameter a turn: ten turns of sixteen corners.
    assert len(path) >= 10 * 16 + 1
    assert path[: 10 * 16 + 1, 0].min() >= 2.0 - 1e-6
    assert path[: 10 * 16 + 1, 0].max() <= 118.0 + 1e-6
    for stroke in (first, *others):
        assert BENT.depth_mm(np.array(stroke.path_mm)).min() > 2.0 - 0.2


def test_circles_go_once_around_along_the_edge_before_they_fill_the_middle() -> None:
    outline = rectangle(140.0, 100.0)
    path = np.concatenate([np.array(stroke.path_mm) for stroke in generators.circling(outline, 20.0, 5.0, 20.0)])
    depth = outline.depth_mm(path)
    assert depth.min() > 5.0 - 0.3
    # The row along the edge lies 5 to 25 mm deep, and the middle is reached after it.
    around = int(np.argmax(depth > 26.0))
    assert around > 400
    assert np.all(depth[:around] < 26.0)
    assert depth[around:].max() > 45.0
    for x, y in ((15.0, 50.0), (125.0, 50.0), (70.0, 15.0), (70.0, 85.0)):
        assert np.hypot(*(path[:around] - (x, y)).T).min() < 10.5


def test_a_raster_with_its_edge_leaves_less_out_in_the_same_time() -> None:
    def left_out(edge: bool) -> tuple[float, float]:
        laid = lay(scenario(pattern="raster", edge=edge, speed="60 mm/s"), load())
        x, y = (np.arange(0.5, extent, 1.0) for extent in laid.outline.high_mm)
        line = timeline(laid.plan, laid.source)
        inside = laid.outline.contains(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)).reshape(len(y), len(x))
        return float((passes_seen(line, laid.source, x, y)[inside] == 0).mean()), line.seconds_on

    (plain, plain_s), (edged, edged_s) = left_out(False), left_out(True)
    assert plain > 0.05
    assert edged < 0.02
    assert edged_s == pytest.approx(plain_s, rel=0.1)


def test_a_bent_zone_cannot_be_followed_along_its_edge() -> None:
    assert generators.raster(BENT, 15.0, 5.0, edge=True) == ()
    with pytest.raises(InputError, match="its edge cannot be followed"):
        lay(scenario(zone="jaw", pattern="raster", edge=True), load())


def test_no_parting_is_a_touch_of_a_few_millimetres() -> None:
    laid = lay(scenario(zone="scalp", pattern="partings", cold_source="ln2_vapour_swab"), load())
    lengths = [math.dist(stroke.path_mm[0], stroke.path_mm[-1]) for stroke in laid.plan.strokes]
    assert min(lengths) > 13.0


def test_massage_lines_lead_outward_from_the_middle_and_fill_the_gap_between_two() -> None:
    knowledge = load()
    lines = generators.massage_lines(knowledge.zone_shape["forehead"].families, 15.0)
    middle = 0.5 * outline_of(knowledge.zone_shape["forehead"]).high_mm[0]
    for stroke in lines:
        assert abs(stroke.path_mm[-1][0] - middle) > abs(stroke.path_mm[0][0] - middle) + 20.0
    for family in knowledge.zone_shape["cheek"].families:
        apart = [
            max(math.dist(a, b) for a, b in zip(one.path_mm, other.path_mm, strict=True))
            for one, other in pairwise(generators.massage_lines([family], 12.0))
        ]
        assert max(apart) <= 12.0 + 1e-9


def test_a_spot_stands_where_it_is_told() -> None:
    laid = lay(scenario(pattern="spot", hold="5 s", place_mm=(40, 50), cold_source="ln2_spray_nozzle_c"), load())
    assert laid.plan.strokes == (Stroke(path_mm=((40.0, 50.0),), hold_s=5.0),)
    assert timeline(laid.plan, laid.source).seconds_on == 5.0


def test_the_right_side_is_the_mirror_image_of_the_left() -> None:
    for pattern in ("massage_lines", "raster"):
        left = lay(scenario(pattern=pattern), load())
        right = lay(scenario(pattern=pattern, side="right"), load())
        width = left.outline.high_mm[0]
        assert right.outline.area_mm2 == pytest.approx(left.outline.area_mm2)
        if pattern == "massage_lines":
            assert right.plan.strokes == mirror(left.plan, width).strokes


# --- a plan in time -------------------------------------------------------------------------------------


def test_times_by_hand() -> None:
    told = plan(((0.0, 0.0), (50.0, 0.0)), ((50.0, 20.0), (0.0, 20.0)), passes=2, pass_pause_s=10.0)
    line = timeline(told, source())
    # Each stroke 5 s, 2 s of way between them; the way back to the start takes 2 s, less than the pause.
    assert [leg.start_s for leg in line.legs] == pytest.approx([0.0, 7.0, 22.0, 29.0])
    assert line.end_s == pytest.approx(34.0)
    assert line.seconds_on == pytest.approx(20.0)
    assert line.length_mm == pytest.approx(200.0)
    waiting = timeline(plan(((0.0, 0.0), (50.0, 0.0)), ((50.0, 20.0), (0.0, 20.0)), pause_s=3.0), source())
    assert waiting.end_s == pytest.approx(13.0)


def test_a_stroke_with_the_agent_off_only_takes_time() -> None:
    strokes = (
        Stroke(path_mm=((0.0, 0.0), (50.0, 0.0))),
        Stroke(path_mm=((50.0, 0.0), (50.0, 30.0)), on=False),
        Stroke(path_mm=((50.0, 30.0), (0.0, 30.0)), speed_mm_s=25.0, hold_s=1.5),
    )
    line = timeline(plan(strokes=strokes), source())
    assert [leg.start_s for leg in line.legs] == pytest.approx([0.0, 8.0, 10.0])
    assert [leg.end_s for leg in line.legs] == pytest.approx([5.0, 10.0, 11.5])
    path, times = drawn_path(line)
    assert np.isnan(path).any(axis=1).tolist() == [False, False, True, False, False, False]
    assert times.tolist() == pytest.approx([0.0, 5.0, 5.0, 8.0, 10.0, 11.5])


def test_a_source_that_is_used_up_is_dipped_before_the_stroke_that_it_would_not_last() -> None:
    told = plan(((0.0, 0.0), (60.0, 0.0)), ((60.0, 0.0), (0.0, 0.0)))
    line = timeline(told, source(hold_s=10.0, dip_s=4.0))
    assert [leg.start_s for leg in line.legs] == pytest.approx([0.0, 10.0])
    assert [leg.since_dip_s for leg in line.legs] == [0.0, 0.0]
    assert line.dips == 1


def test_a_stroke_longer_than_the_source_lasts_is_broken_off_and_taken_up_again() -> None:
    line = timeline(plan(((0.0, 0.0), (250.0, 0.0))), source(hold_s=10.0, dip_s=4.0))
    assert [leg.start_mm[0] for leg in line.legs] == pytest.approx([0.0, 100.0, 200.0])
    assert [leg.end_mm[0] for leg in line.legs] == pytest.approx([100.0, 200.0, 250.0])
    assert [leg.start_s for leg in line.legs] == pytest.approx([0.0, 14.0, 28.0])
    assert line.seconds_on == pytest.approx(25.0)


def test_a_pause_that_is_long_enough_is_used_for_a_dip() -> None:
    told = plan(((0.0, 0.0), (60.0, 0.0)), ((60.0, 0.0), (0.0, 0.0)), pause_s=5.0)
    line = timeline(told, source(hold_s=20.0, dip_s=4.0))
    assert [leg.start_s for leg in line.legs] == pytest.approx([0.0, 11.0])
    assert line.legs[1].since_dip_s == 0.0


# --- footprints -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Footprint.GAUSSIAN, Footprint.RING])
def test_a_bell_gives_the_dose_of_an_even_footprint_under_its_path(kind: Footprint) -> None:
    part = even_part(kind, 200.0, 0.02, 0.02)
    way = np.linspace(-0.2, 0.2, 40001)
    squared = (way / part.along) ** 2
    shape = np.exp(-squared) if kind == Footprint.GAUSSIAN else squared * np.exp(1.0 - squared)
    assert float(np.trapezoid(200.0 * shape, way)) == pytest.approx(200.0 * 0.02, rel=1e-6)


def test_farther_away_a_jet_is_weaker_warmer_and_wider() -> None:
    near = source_of_knowledge("ln2_spray_nozzle_a", load(), 23.0)
    assert near.at(None) is near
    far = near.at(100.0)
    assert far.parts[0].coefficient == pytest.approx(245.0 * 2.0**-0.6)
    assert far.sink_degC == pytest.approx(23.0 - 123.0 * 2.0**-0.5)
    assert far.half_width == pytest.approx(2.0 * near.half_width)
    # The flux into skin falls with the distance as it did into a phantom, as distance^-1.1.
    skin = 20.0
    flux = [part.parts[0].coefficient * (23.0 - part.sink_degC) for part in (near, far)]
    assert flux[1] / flux[0] == pytest.approx(2.0**-1.1)
    assert near.at(10.0).sink_degC == -196.0
    assert near.at(10.0).parts[0].coefficient == pytest.approx(643.0, abs=1.0)
    assert skin > far.sink_degC


def test_a_swab_warms_evenly_with_its_stated_temperature_as_the_mean() -> None:
    swab = source_of_knowledge("ln2_swab", load(), 23.0)
    assert swab.hold_s == 10.0
    temperatures = [swab.sink_after(second) for second in (0.0, 5.0, 10.0, 60.0)]
    assert temperatures == pytest.approx([-196.0, -185.0, -174.0, -174.0])
    line = timeline(plan(((0.0, 0.0), (80.0, 0.0)), ((80.0, 10.0), (0.0, 10.0))), swab)
    sinks = engine_strokes(line, swab).sink_temperature_degC
    assert len(sinks) == 16
    assert np.all(np.diff(sinks[:8]) > 0)
    assert sinks[8] == sinks[0]  # dipped again
    assert float(sinks[:8].mean()) == pytest.approx(-196.0 + 2.2 * 4.0)


def test_the_film_under_ice_takes_its_share() -> None:
    stated = source_of_knowledge("ice_bare", load(), 23.0)
    dabbed = source_of_knowledge("ice_bare", load(), 23.0, film_mm=0.1)
    assert dabbed.parts[0].coefficient == pytest.approx(2.0 * stated.parts[0].coefficient)
    assert stated.parts[0].coefficient == 775.0
    cloth = source_of_knowledge("ice_bare", load(), 23.0, barrier="damp_cloth").parts[0].coefficient
    assert cloth < 775.0


def test_vapour_over_a_parting_reaches_the_bare_line_most() -> None:
    vapour = source_of_knowledge("ln2_vapour_swab", load(), 23.0)
    hair, bare = vapour.parts
    assert not vapour.touches
    assert bare.across == pytest.approx(4e-3)
    assert hair.across == pytest.approx(10e-3)
    assert hair.coefficient + bare.coefficient == pytest.approx(24.5)
    assert hair.coefficient == pytest.approx(0.3 * 24.5)


def test_pieces_of_the_engine_lie_where_the_plan_says() -> None:
    line = timeline(plan(((1.0, 2.0), (11.0, 2.0)), speed_mm_s=5.0), source())
    strokes = engine_strokes(line, source(), (20.0, 30.0))
    told = [strokes.start_x[0], strokes.start_y[0], strokes.end_x[0], strokes.end_y[0], strokes.end_s[0]]
    assert told == pytest.approx([0.021, 0.032, 0.031, 0.032, 2.0])
    assert strokes.coefficient.tolist() == [300.0]
    assert strokes.touches.all()


# --- results move with the plan -------------------------------------------------------------------------


def patch() -> Patch:
    widths = np.array([0.05, 0.07, 0.1, 0.15, 0.25, 0.4, 0.7, 1.2, 2.0]) * 1e-3
    one = np.ones(len(widths))
    count = int(SIDE_mm)
    return Patch(widths, 0.4 * one, 3.6e6 * one, 6e3 * one, 300.0 * one, 36.8, 1e4, 36.8, count, count, 1e-3)


def bells(kind: Footprint) -> MovingSource:
    part = Part(kind, 300.0, 4e-3, 6e-3)
    return source(parts=(part,), touches=kind == Footprint.ELLIPSE, sink_degC=-120.0)


def went(told: StrokePlan, kind: Footprint) -> PatchResult:
    moved = bells(kind)
    line: Timeline = timeline(told, moved)
    strokes: Strokes = engine_strokes(line, moved)
    return advance_patch(
        patch(),
        np.full(9, 33.0),
        strokes,
        Surroundings(9.5, 23.0),
        np.array([line.end_s + 2.0]),
        2e-4,
        (20.0, 0.0),
        numerics=PatchNumerics(0.05, 0.2),
    )


# Crooked, so that no mirror or turn takes it into itself, and well inside, so that no edge plays a part.
CROOKED = (((6.0, 7.0), (15.0, 9.0), (16.0, 16.0)), ((10.0, 15.0), (9.0, 13.0)))
MIDDLE_mm = (0.5 * SIDE_mm, 0.5 * SIDE_mm)


@pytest.mark.parametrize("kind", list(Footprint))
def test_mirror_turn_and_move_of_a_plan_do_the_same_to_the_result(kind: Footprint) -> None:
    told = plan(*CROOKED, speed_mm_s=20.0)
    straight = went(told, kind)
    assert straight.lowest_surface_degC.min() < 15.0
    mirrored, turned = went(mirror(told, SIDE_mm), kind), went(rotate(told, 90.0, MIDDLE_mm), kind)
    for name in ("lowest_surface_degC", "lowest_basal_degC", "end_degC", "dwell_below_s"):
        before = getattr(straight, name)
        assert getattr(mirrored, name) == pytest.approx(before[..., ::-1], abs=2e-3), name
        # Against the clock with y up: what lay along x lies along y.
        assert getattr(turned, name) == pytest.approx(np.rot90(before, -1, axes=(-2, -1)), abs=2e-3), name
    moved = went(translate(told, 3.0, -2.0), kind)
    inner = straight.lowest_surface_degC[5:-5, 5:-5]
    assert moved.lowest_surface_degC[3:-7, 8:-2] == pytest.approx(inner, abs=0.02)


@pytest.mark.parametrize("kind", list(Footprint))
def test_a_turned_plan_is_not_the_same_plan(kind: Footprint) -> None:
    told = plan(*CROOKED, speed_mm_s=20.0)
    straight = went(told, kind).lowest_surface_degC
    assert abs(straight - straight[:, ::-1]).max() > 5.0


def test_three_turns_and_one_back_are_none() -> None:
    told = plan(*CROOKED)
    back = rotate(rotate(told, 270.0, (3.0, 4.0)), 90.0, (3.0, 4.0))
    assert back == told
    skew = rotate(rotate(told, 30.0, (3.0, 4.0)), -30.0, (3.0, 4.0))
    for one, other in zip(skew.strokes, told.strokes, strict=True):
        assert np.array(one.path_mm) == pytest.approx(np.array(other.path_mm))


def test_a_warming_swab_leaves_the_end_of_a_long_stroke_warmer_than_its_start() -> None:
    told = plan(((6.0, 12.0), (18.0, 12.0)), speed_mm_s=2.0)
    swab = source(fresh_degC=-196.0, sink_degC=-150.0, hold_s=6.0, dip_s=2.0)
    line = timeline(told, swab)
    result = advance_patch(
        patch(), np.full(9, 33.0), engine_strokes(line, swab), Surroundings(9.5, 23.0), np.array([8.0]), 2e-4
    )
    lowest = result.lowest_surface_degC[12]
    assert lowest[7] < lowest[16] - 5.0


# --- refusals -------------------------------------------------------------------------------------------


def refused(**changes: Any) -> str:
    with pytest.raises(InputError) as told:
        lay(scenario(**changes), load())
    assert told.value.exit_code == 2
    return str(told.value)


def test_strokes_that_leave_the_zone_are_told_where_they_would_stay() -> None:
    text = refused(pattern=None, stroke=[{"path_mm": [[30, 50], [60, 50]]}, {"path_mm": [[30, 50], [150, 50]]}])
    assert "stroke[1].path_mm" in text
    assert "stroke[0]" not in text
    assert "(150.0, 50.0)" in text
    outline = outline_of(load().zone_shape["cheek"])
    edge = outline.nearest_on_edge(np.array([[150.0, 50.0]]))[0]
    told = [float(number) for number in text.split("would do is (")[1].split(")")[0].split(", ")]
    assert told == pytest.approx(edge, abs=0.3)
    assert outline.contains(np.array([told])).all()
    assert f"{math.dist(edge, (150.0, 50.0)):.1f} mm outside" in text


def test_a_stroke_between_two_places_inside_may_still_leave_the_zone() -> None:
    text = refused(zone="jaw", pattern=None, stroke=[{"path_mm": [[10, 12], [105, 62]]}])
    assert "outside the zone" in text


@pytest.mark.parametrize("speed", ["0 mm/s", "-60 mm/s"])
def test_a_speed_of_zero_or_less_is_told_a_speed_that_works(speed: str) -> None:
    text = refused(speed=speed)
    assert "must be above 0 mm/s" in text
    assert "60 mm/s is usual" in text
    assert "30 to 120" in text
    text = refused(pattern=None, stroke=[{"path_mm": [[30, 50], [60, 50]], "speed": speed}])
    assert "stroke[0].speed" in text


def test_a_window_beside_the_zone_and_a_spot_outside_are_refused() -> None:
    assert "holds no part of the zone" in refused(window_mm=[200, 200, 220, 220])
    assert "outside the zone" in refused(pattern="spot", hold="5 s", place_mm=[0, 0])
