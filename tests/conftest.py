"""House rules of all tests.

Shapes and types of the engine are checked wherever a test calls or traces it. Hypothesis draws the same
examples in every run, so that a red test stays red.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

install_import_hook("cryomassage.engine", "beartype.beartype")

settings.register_profile(
    "house", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")
