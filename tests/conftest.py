"""House rules of all tests.

Shapes and types of the engine are checked wherever a test calls or traces it. Hypothesis draws the same
examples in every run, so that a red test stays red.
"""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

ENGINE = Path(__file__).parents[1] / "src/cryomassage/engine"
# Numba compiles its functions itself and cannot look into a wrapped one; all that calls them is checked.
CHECKED = [path.stem for path in sorted(ENGINE.glob("*.py")) if "import compiled" not in path.read_text("utf-8")]

install_import_hook([f"cryomassage.engine.{name}" for name in CHECKED], "beartype.beartype")

settings.register_profile(
    "house", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")
