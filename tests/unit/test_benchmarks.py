"""The benchmarks: what they take as given and how they judge, without running them."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import errors, performance_page, problems, summary
from benchmarks.peers.worker import slab_of

pytestmark = pytest.mark.unit


def test_time_under_the_applicator_is_what_sampling_finds() -> None:
    glide = problems.CB1_GLIDE
    x, end_s = np.array([0.006, 0.020, 0.0301, 0.0499]), 7.3
    time_s = (np.arange(200_000) + 0.5) * end_s / 200_000
    sampled = [np.mean(abs(place - glide.centre(time_s)) <= glide.radius) * end_s for place in x]
    told = glide.time_covered(x, np.full(4, glide.radius), np.array([end_s]))[0]
    np.testing.assert_allclose(told, sampled, atol=2e-4)


def test_shares_of_steps_add_up_to_the_whole_time() -> None:
    glide = problems.CB1_GLIDE
    x, radius = np.array([0.020, 0.030]), np.full(2, 0.010)
    edges = np.linspace(0.0, 4.7, 48)
    share = glide.coverage(x, radius, edges)
    assert share.min() >= 0.0
    assert share.max() <= 1.0 + 1e-12
    np.testing.assert_allclose(share.sum(axis=0) * edges[1], glide.time_covered(x, radius, edges[-1:])[0])


def test_layers_lie_where_the_problem_says() -> None:
    for grid in (
        {"columns": 120, "cells": 160},
        {"columns": 60, "cells": [2, 5, 6, 4], "growth": [1.0, 1.1, 1.1, 1.1]},
    ):
        slab = slab_of(grid)
        assert slab.cell_width.sum() == pytest.approx(0.020)
        for conductivity, thickness in ((0.24, 0.25e-3), (0.45, 1.75e-3), (0.20, 8e-3), (0.50, 10e-3)):
            assert slab.cell_width[slab.conductivity == conductivity].sum() == pytest.approx(thickness)


def test_the_stable_step_is_stable_and_little_more_is_not() -> None:
    slab = problems.cb1_uniform(12, 160)
    face = slab.face_conductance / slab.cell_width[0]
    matrix = np.zeros((160, 160))
    for cell in range(160):
        above = slab.surface_conductance(500.0) / slab.cell_width[0] if cell == 0 else face[cell - 1]
        matrix[cell, cell] = above + face[cell] + slab.perfusion[cell]
        if cell > 0:
            matrix[cell, cell - 1] = -face[cell - 1]
        if cell < 159:
            matrix[cell, cell + 1] = -face[cell]
    sideways = 4.0 * slab.conductivity / slab.spacing**2
    fastest = np.linalg.eigvals((matrix + np.diag(sideways)) / slab.heat_capacity[:, None]).real.max()
    assert slab.stable_step_s() <= 2.0 / fastest
    assert slab.stable_step_s() >= 0.8 * 2.0 / fastest


def test_errors_are_weighted_by_volume() -> None:
    slab = problems.cb1_graded(60, (2, 5, 6, 4), (1.0, 1.1, 1.1, 1.1))
    surface, field = np.zeros((2, 60)), np.zeros((2, 17, 60))
    wrong = field.copy()
    wrong[:, 0] = 1.0
    error = errors.error_of(slab, errors.Seen(surface, wrong), errors.Seen(surface, field))
    share = slab.cell_width[0] / slab.cell_width.sum()
    assert error.field_rms_K == pytest.approx(np.sqrt(share))
    assert error.field_max_K == 1.0
    assert error.field_p99_K == 0.0
    assert not error.no_larger_than(error._replace(field_rms_K=0.5 * error.field_rms_K))
    assert error.no_larger_than(error)


def test_the_page_says_what_is_missing_and_the_headline_keeps_its_keys() -> None:
    results = {"cb1": {"end_s": 10.0, "peers": {}, "left_out": {"devito_cb1": "devito is not installed"}}}
    told = performance_page.page(results)
    assert "devito is not installed" in told
    assert "Not run." in told
    keys = summary.headline({})
    assert all(value is None for value in keys.values())
    assert {"session_realtime_factor", "cb1_time_over_devito_graded", "gradient_over_primal"} <= keys.keys()
