"""Eight writers killed at any moment: what was acknowledged is there, nothing is half there, the chain verifies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import running
from tests.support.processes import Instance

pytestmark = pytest.mark.slow

_BEGIN = "from tests.clinic.people import make_house; make_house('Acorn')"


@pytest.fixture(params=["sqlite", "postgresql"])
def instance(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    """A clinic of its own on either database."""
    if request.param == "sqlite":
        monkeypatch.delenv("DATABASE_URL", raising=False)
        yield _made(tmp_path)
    else:
        with running() as server:
            monkeypatch.setenv("DATABASE_URL", server.url)
            yield _made(tmp_path)


def _made(folder: Path) -> Instance:
    made = Instance(folder / "data")
    made.python(_BEGIN)
    return made


def test_killed_at_random_no_acknowledged_write_is_lost(
    instance: Instance, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    kills = 150 if "sqlite" in request.node.callspec.id else 100
    journals = tmp_path / "journals"
    journals.mkdir()
    instance.python(f"from tests.support.writers import storm; storm({str(journals)!r}, {kills})")
    found = instance.told(f"""
    import json
    from tests.support.writers import losses
    print(json.dumps(losses({str(journals)!r})))
    """)
    assert found["lost"] == []
    assert found["half"] == []
    assert found["integrity"] == "ok"
    assert found["told"] > 4 * kills, "they hardly wrote"
    assert found["cut_in_a_write"] > kills / 2, "the kills missed the writes"
    assert "in 1 chains verify" in instance.command("audit_verify").stdout


def test_eight_times_a_thousand_rows_make_one_chain(instance: Instance) -> None:
    instance.python("from tests.support.writers import many_rows; many_rows(1000)")
    assert instance.command("audit_verify").stdout.endswith("8000 rows in 1 chains verify\n")
    numbers = instance.told("""
    import json
    from cryomassage_clinic.audit.models import AuditRow
    print(json.dumps(list(AuditRow.objects.order_by("sequence").values_list("sequence", flat=True))))
    """)
    assert numbers == list(range(1, 8001))
