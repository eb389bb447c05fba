"""Breaks the lines that matter, one at a time; the fast tests must notice each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Mutation:
    file: str
    old: str
    new: str
    tests: str


MUTATIONS = [
    Mutation("planning/dose.py", "(self.seed, self.seed + 1)", "(self.seed, self.seed)", "tests/unit/test_planning.py"),
    Mutation("planning/dose.py", "lowest_surface_degC - margin", "lowest_surface_degC", "tests/unit/test_planning.py"),
    Mutation(
        "planning/dose.py", "if self.factors.ratio < 1.0 and index >= 0:", "if False:", "tests/unit/test_planning.py"
    ),
    Mutation("engine/solver.py", "GAMMA = 1.0 - 0.5**0.5", "GAMMA = 0.5", "tests/verification"),
    Mutation("planning/spot_freeze.py", "(fresh, not shorter)", "(searched, False)", "tests/unit/test_spot_freeze.py"),
    Mutation(
        "planning/spot_freeze.py",
        "ice_depth / _MM + self.limits.error_mm",
        "ice_depth / _MM",
        "tests/unit/test_spot_freeze.py",
    ),
    Mutation(
        "planning/spot_run.py",
        "self.on(self.skins.late_s,",
        "self.on(0.0 * self.skins.late_s,",
        "tests/unit/test_spot_freeze.py",
    ),
    Mutation("planning/dose.py", "frost > time_limit.value", "frost > 1e9", "tests/unit/test_patch_freeze.py"),
    Mutation("engine/spot_kernel.py", "net += per_degree *", "net += 1.02 * per_degree *", "tests/unit/test_spot.py"),
    Mutation(
        "engine/solver.py",
        "conductance=1.0 / (resistance[:-1] + resistance[1:])",
        "conductance=0.5 / resistance[1:]",
        "tests/verification",
    ),
    Mutation(
        "engine/solver.py",
        "loss = column.perfusion_conductance * column.cell_width",
        "loss = 1.1 * column.perfusion_conductance * column.cell_width",
        "tests/verification",
    ),
    Mutation(
        "planning/screening.py",
        "default=Outcome.CLEAR)",
        "default=Outcome.CLEAR) and Outcome.CLEAR",
        "tests/unit/test_screening.py",
    ),
    Mutation(
        "planning/locks.py",
        "if self.method.liquid_nitrogen and self.zone.liquid_nitrogen is AgentAccess.NEVER:",
        "if False:",
        "tests/unit/test_screening.py",
    ),
    Mutation(
        "planning/locks.py",
        'if visit.place == "home" and "home" not in self.method.places:',
        "if False:",
        "tests/unit/test_screening.py",
    ),
    Mutation("planning/locks.py", "if since < days:", "if since < days - 1:", "tests/unit/test_screening.py"),
    Mutation("planning/locks.py", "if visit.session > 1 and not last:", "if False:", "tests/unit/test_screening.py"),
    Mutation("planning/locks.py", 'and source.agent != "ice"', "and False", "tests/unit/test_screening.py"),
    Mutation(
        "planning/locks.py",
        "if review is not None and not review.benefit:",
        "if False:",
        "tests/unit/test_screening.py",
    ),
    Mutation(
        "planning/limits.py", "person.thin_cheeks is not False", "person.thin_cheeks", "tests/unit/test_planning.py"
    ),
    Mutation(
        "planning/answers.py",
        "within = condition.within_days is None or days <= condition.within_days",
        "within = True",
        "tests/unit/test_screening.py tests/unit/test_planning.py",
    ),
    Mutation(
        "planning/limits.py",
        "surface += extra.quantity.value",
        "surface += 0.0",
        "tests/unit/test_planning.py",
    ),
    Mutation(
        "planning/dose.py",
        'binding = "the basal layer may not freeze"',
        'binding = ""',
        "tests/unit/test_planner_properties.py tests/unit/test_planning.py",
    ),
    Mutation(
        "planning/ladder.py",
        "if passes * one + (passes - 1) * pause_s <= ceiling_s:",
        "if passes * one <= ceiling_s:",
        "tests/unit/test_planner_properties.py",
    ),
    Mutation(
        "planning/room.py",
        "if oxygen < monitored:",
        "if oxygen < monitored - 3.0:",
        "tests/unit/test_room.py",
    ),
    Mutation("planning/course.py", "recent < per_week", "recent <= per_week", "tests/unit/test_planning.py"),
    Mutation("planning/exposure_train.py", "(1.0 + skins.overlap_ratio)", "1.0", "tests/unit/test_planning.py"),
    Mutation("knowledge/load.py", "sort_keys=True", "sort_keys=False", "tests/unit/test_knowledge.py"),
    Mutation(
        "planning/numerics.py",
        "return hashlib.sha256(text.encode()).hexdigest()",
        'return "0" * 64',
        "tests/unit/test_planning.py",
    ),
    Mutation(
        "engine/solver.py",
        "loss=operator.loss + change",
        "loss=operator.loss + 0.0 * change",
        "tests/unit/test_vasomotion.py",
    ),
    Mutation(
        "engine/solver.py",
        "foretold_flow(vasomotion, state.vessels, 0.5 * group_s)",
        "state.vessels.flow",
        "tests/unit/test_vasomotion.py",
    ),
    Mutation(
        "engine/vasomotion.py",
        "** memory",
        "** (0.0 * memory)",
        "tests/unit/test_vasomotion.py",
    ),
    Mutation(
        "planning/dose.py",
        "binding = self._injury(dose, seed, limits, individual=individual)",
        'binding = ""',
        "tests/unit/test_body_response.py",
    ),
    Mutation(
        "planning/dose.py",
        "max(returned_s, self.times.least_pause_s)",
        "self.times.least_pause_s",
        "tests/unit/test_body_response.py",
    ),
    Mutation(
        "planning/population.py",
        "told.basal_degC - margin",
        "told.basal_degC + 50.0",
        "tests/unit/test_body_response.py tests/unit/test_planning.py",
    ),
    Mutation(
        "planning/colour_skin.py",
        "seen & ~redder, seen & redder",
        "seen & redder, seen & ~redder",
        "tests/unit/test_skin_colour.py",
    ),
    Mutation(
        "engine/injury.py",
        "jnp.where(frozen, time_step_s * factor * rate, 0.0)",
        "time_step_s * factor * rate",
        "tests/unit/test_injury.py",
    ),
    Mutation("units.py", "return one - zero, zero", "return one - zero, 0.0", "tests/unit/test_units.py"),
]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: f"{m.file}: {m.new[:40]}")
def test_a_broken_line_turns_a_test_red(mutation: Mutation, tmp_path: Path) -> None:
    for part in ("src", "tests", "examples", "docs"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path = tmp_path / "src" / "cryomassage" / mutation.file
    text = path.read_text()
    assert text.count(mutation.old) >= 1, f"{mutation.file} no longer holds {mutation.old!r}"
    path.write_text(text.replace(mutation.old, mutation.new, 1))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-m",
            "not slow",
            "-p",
            "no:cacheprovider",
            *mutation.tests.split(),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, f"no test noticed:\n{done.stdout[-2000:]}\n{done.stderr[-500:]}"
