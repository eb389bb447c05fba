"""Six kinds of tampering are found, and the first bad row is named."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from cryomassage_clinic.audit import heads
from cryomassage_clinic.audit.chain import digest_of, hash_of
from cryomassage_clinic.audit.guard import drop_triggers
from cryomassage_clinic.audit.models import AuditDetails, AuditHead, AuditRow
from cryomassage_clinic.audit.services import record
from cryomassage_clinic.audit.verify import Verified, verify
from tests.clinic.people import House, make_client

pytestmark = pytest.mark.unit

ROWS = 12


@pytest.fixture(autouse=True)
def _checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYOMASSAGE_AUDIT_HEADS", str(tmp_path / "heads.log"))


@pytest.fixture
def chain(acorn: House, birch: House) -> House:
    """Twelve rows of Acorn, two of Birch, a checkpoint of both; the triggers are gone, as an attacker leaves it."""
    client = make_client(acorn)
    for number in range(ROWS):
        record(acorn.actor("owner"), "client.changed", client, {"n": number}, client_id=client.pk)
    for _ in range(2):
        record(birch.actor("owner"), "site.changed", birch.site)
    heads.note_all("start")
    assert verify().sound
    drop_triggers()
    return acorn


def row(house: House, sequence: int) -> AuditRow:
    return AuditRow.objects.get(clinic=house.clinic, sequence=sequence)


def change(house: House, sequence: int, /, **fields: object) -> None:
    AuditRow.objects.filter(clinic=house.clinic, sequence=sequence).update(**fields)


def only_finding(house: House, done: Verified) -> tuple[int, str]:
    assert len(done.findings) == 1, done.findings
    assert done.findings[0].clinic == str(house.clinic.pk)
    return done.findings[0].sequence, done.findings[0].text


def remove(house: House, first: int, last: int) -> None:
    rows = AuditRow.objects.filter(clinic=house.clinic, sequence__range=(first, last))
    AuditDetails.objects.filter(row__in=list(rows)).delete()
    rows._raw_delete("default")


def rehash_from(house: House, first: int) -> None:
    """What an attacker does who knows the arithmetic: every later row is hashed anew, and the head set."""
    before = row(house, first - 1).row_hash if first > 1 else "0" * 64
    for one in AuditRow.objects.filter(clinic=house.clinic, sequence__gte=first).order_by("sequence"):
        fields = (one.actor, one.action, one.subject_type, one.subject_id, one.details_digest)
        mine = hash_of(str(house.clinic.pk), one.sequence, one.time, *fields, before)
        AuditRow.objects.filter(pk=one.pk).update(previous_hash=before, row_hash=mine)
        before, last = mine, one.sequence
    AuditHead.objects.filter(clinic=house.clinic).update(sequence=last, row_hash=before)


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "nothing"}, {"actor": "somebody"}, {"subject_id": "other"}, {"subject_type": "x.y"},
        {"details_digest": "0" * 64}, {"time": "2020-01-01T00:00:00+00:00"}, {"row_hash": "1" * 64},
        {"previous_hash": "2" * 64},
    ],
)  # fmt: skip
def test_an_edit_is_found(chain: House, fields: dict[str, str]) -> None:
    change(chain, 5, **fields)
    sequence, text = only_finding(chain, verify())
    assert sequence == 5
    assert "row 5" in text


@pytest.mark.parametrize("fields", [{"text": '{"n":99}'}, {"salt": "0" * 32}, {"client_id": ""}])
def test_an_edit_of_details_is_found(chain: House, fields: dict[str, str]) -> None:
    AuditDetails.objects.filter(row=row(chain, 5)).update(**fields)
    assert only_finding(chain, verify()) == (5, "the details of row 5 were changed")


def test_a_deletion_is_found(chain: House) -> None:
    remove(chain, 5, 5)
    assert only_finding(chain, verify()) == (5, "row 5 is missing")


def test_a_deletion_of_several_and_of_the_first_is_found(chain: House) -> None:
    remove(chain, 1, 3)
    assert only_finding(chain, verify()) == (1, "rows 1 to 3 are missing")


def test_an_insertion_is_found(chain: House) -> None:
    """A row is put in at 5; the later ones move on by one, and keep what they say."""
    for sequence in range(ROWS, 4, -1):
        change(chain, sequence, sequence=sequence + 1)
    copied = row(chain, 4)
    copied.pk, copied.sequence, copied.previous_hash = None, 5, "3" * 64
    copied.save(force_insert=True)
    AuditDetails.objects.create(row=copied, salt="s", text="{}")
    AuditHead.objects.filter(clinic=chain.clinic).update(sequence=ROWS + 1)
    sequence, text = only_finding(chain, verify())
    assert (sequence, "row 5" in text) == (5, True)


def test_a_row_put_in_at_the_end_without_the_lock_is_found(chain: House) -> None:
    last = row(chain, ROWS)
    forged = AuditRow(
        clinic=chain.clinic, sequence=ROWS + 1, time=last.time, actor="x", action="y", subject_type="z", subject_id="1",
        details_digest=digest_of("s", "", "{}"), previous_hash=last.row_hash, row_hash="4" * 64,
    )  # fmt: skip
    forged.save(force_insert=True)
    AuditDetails.objects.create(row=forged, salt="s", text="{}")
    assert only_finding(chain, verify())[0] == ROWS + 1


def test_a_reordering_is_found(chain: House) -> None:
    change(chain, 5, sequence=1005)
    change(chain, 6, sequence=5)
    change(chain, 1005, sequence=6)
    sequence, text = only_finding(chain, verify())
    assert sequence == 5
    assert "row 5" in text


def test_a_cut_tail_is_found_by_the_head(chain: House) -> None:
    remove(chain, 10, ROWS)
    sequence, text = only_finding(chain, verify())
    assert sequence == 10
    assert "row 10 is missing" in text


def test_a_cut_tail_with_the_head_put_right_is_found_by_the_checkpoint(chain: House) -> None:
    remove(chain, 10, ROWS)
    AuditHead.objects.filter(clinic=chain.clinic).update(sequence=9, row_hash=row(chain, 9).row_hash)
    sequence, text = only_finding(chain, verify())
    assert sequence == 10
    assert f"tells of {ROWS} rows" in text
    assert verify(outside=False).sound, "without a checkpoint nobody could tell"


def test_the_loss_of_a_whole_chain_is_found(chain: House) -> None:
    remove(chain, 1, ROWS)
    AuditHead.objects.filter(clinic=chain.clinic).delete()
    sequence, text = only_finding(chain, verify())
    assert sequence == 1
    assert "whole chain is gone" in text
    assert str(ROWS) in text


def test_a_chain_that_was_written_anew_is_found_by_the_checkpoint(chain: House) -> None:
    change(chain, 3, action="nothing")
    rehash_from(chain, 3)
    assert verify(outside=False).sound, "the chain alone is consistent"
    sequence, text = only_finding(chain, verify())
    assert sequence == ROWS, "the first row that a checkpoint knows"
    assert "rewritten" in text


def test_a_head_that_tells_less_is_found(chain: House) -> None:
    AuditHead.objects.filter(clinic=chain.clinic).update(sequence=3)
    assert only_finding(chain, verify())[0] == ROWS


def test_a_missing_head_is_found(chain: House) -> None:
    AuditHead.objects.filter(clinic=chain.clinic).delete()
    assert "head" in only_finding(chain, verify())[1]


def test_details_that_nobody_erased_are_missed(chain: House) -> None:
    AuditDetails.objects.filter(row=row(chain, 5)).delete()
    assert only_finding(chain, verify()) == (5, "the details of row 5 are gone, and no erasure tells of it")


def test_details_that_an_erasure_names_may_be_gone(chain: House) -> None:
    AuditDetails.objects.filter(row__clinic=chain.clinic, row__sequence__in=[5, 6]).delete()
    record(chain.actor("owner"), "client.erased", chain.site, {"rows": [[5, 6]]})
    assert verify().sound
    AuditDetails.objects.filter(row=row(chain, 7)).delete()
    assert only_finding(chain, verify())[0] == 7


def test_lost_checkpoints_are_told(chain: House) -> None:
    heads.path().unlink()
    done = verify()
    assert len(done.findings) == 2
    assert "checkpoints are gone" in done.findings[0].text


def test_a_copy_of_the_checkpoints_kept_elsewhere_is_believed(chain: House, tmp_path: Path) -> None:
    copy = tmp_path / "copy.log"
    copy.write_bytes(heads.path().read_bytes())
    remove(chain, 10, ROWS)
    AuditHead.objects.filter(clinic=chain.clinic).update(sequence=9, row_hash=row(chain, 9).row_hash)
    heads.path().write_text("")  # the attacker wrote here too
    assert verify().sound
    with pytest.raises(CommandError, match="row 10 is missing"):
        call_command("audit_verify", heads=str(copy), stdout=StringIO())


def test_after_a_restore_the_shorter_chain_is_right_and_told(chain: House) -> None:
    remove(chain, 10, ROWS)
    AuditHead.objects.filter(clinic=chain.clinic).update(sequence=9, row_hash=row(chain, 9).row_hash)
    ends = verify(outside=False).ends
    heads.note_restored(ends, "yesterday.backup")
    done = verify()
    assert done.sound
    assert "restored" in done.notes[0]
    remove(chain, 9, 9)
    assert not verify().sound


def test_one_clinic_alone(chain: House, birch: House) -> None:
    change(chain, 5, action="nothing")
    assert verify(clinic=str(birch.clinic.pk)).sound
    assert not verify(clinic=str(chain.clinic.pk)).sound


def test_the_command_tells_what_verifies(chain: House) -> None:
    out = StringIO()
    call_command("audit_verify", stdout=out)
    assert out.getvalue().strip() == f"{ROWS + 2} rows in 2 chains verify"


def test_the_command_names_every_broken_chain(chain: House, birch: House) -> None:
    change(chain, 5, action="nothing")
    remove(birch, 2, 2)
    with pytest.raises(CommandError) as told:
        call_command("audit_verify", stdout=StringIO())
    lines = str(told.value).splitlines()
    assert len(lines) == 2
    assert told.value.returncode == 1
    assert any(f"clinic {chain.clinic.pk}: row 5" in line for line in lines)


TAMPERINGS: dict[str, Callable[[House], None]] = {
    "edit": lambda house: change(house, 5, action="nothing"),
    "delete": lambda house: remove(house, 5, 5),
    "cut": lambda house: remove(house, 10, ROWS),
}


@pytest.mark.parametrize("kind", sorted(TAMPERINGS))
def test_rows_written_afterwards_hide_nothing(chain: House, kind: str) -> None:
    TAMPERINGS[kind](chain)
    record(chain.actor("owner"), "site.changed", chain.site, {"a": [1, 2.5, "x"]})
    assert not verify().sound
