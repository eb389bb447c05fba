"""`cryomassage-clinic run`: starts, says where, keeps its children alive, stops, and refuses in words."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from cryomassage_clinic import __main__ as command
from cryomassage_clinic.server import prepare
from cryomassage_clinic.server.children import Child
from cryomassage_clinic.server.folder import Hold, data_folder, hold_clinic, make_usable
from cryomassage_clinic.server.options import read
from cryomassage_clinic.server.problems import StartError
from cryomassage_clinic.server.sockets import listen, port_of
from tests.clinic.server_live import Clinic, environment, make_people, python

pytestmark = [pytest.mark.unit, pytest.mark.sqlite]


def fetch(address: str) -> tuple[int, str, dict[str, str]]:
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:
            return answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), dict(error.headers)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("clinic")
    make_people(made)
    return made


@pytest.fixture
def clinic(folder: Path) -> Iterator[Clinic]:
    with Clinic(folder, "--port", "0") as running:
        yield running


def test_it_serves_the_first_page_and_stops_without_a_trace(clinic: Clinic) -> None:
    address = clinic.address()
    status, text, headers = fetch(f"{address}/account/login/")
    assert status == 200
    assert "<form" in text
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    children = clinic.children()
    assert set(children) == {"web", "worker"}
    assert clinic.stop(signal.SIGINT) == 0
    for pid in children.values():
        assert not Path(f"/proc/{pid}").exists()
    assert not [line for line in clinic.lines if "Traceback" in line or "Warning" in line]
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address, timeout=2)


@pytest.mark.slow
def test_files_are_served_compressed_and_for_ever(clinic: Clinic) -> None:
    address = clinic.address()
    _, text, _ = fetch(f"{address}/nothing-here")
    style = text.split('rel="stylesheet" href="')[1].split('"')[0]
    asked = urllib.request.Request(address + style, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.slow
def test_a_child_that_dies_is_started_again_and_said_so(clinic: Clinic) -> None:
    address = clinic.address()
    before = clinic.children()
    os.kill(before["web"], signal.SIGKILL)
    os.kill(before["worker"], signal.SIGKILL)
    said = {clinic.wait_for("stopped (signal 9)") for _ in range(2)}
    assert {line.split(" stopped")[0] for line in said} == {"The web server", "The task worker"}
    deadline = time.monotonic() + 30
    while set(after := clinic.children()) != {"web", "worker"} and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not set(before.values()) & set(after.values())
    assert fetch(f"{address}/alive")[0] == 200  # the socket stayed open meanwhile: it waits and is answered


@pytest.mark.slow
def test_killed_without_warning_it_leaves_nothing_behind(folder: Path) -> None:
    running = Clinic(folder, "--port", "0")
    running.address()
    children = running.children().values()
    running.process.kill()
    running.process.wait(10)
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in children) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    with Clinic(folder, "--port", "0") as again:
        again.address()


def test_a_second_one_on_the_same_folder_is_refused(clinic: Clinic, folder: Path) -> None:
    clinic.address()
    second = Clinic(folder, "--port", "0")
    assert second.stop(0) == 2
    assert "running already" in second.text
    assert str(clinic.process.pid) in second.text


def test_a_port_in_use_is_told_in_one_line_and_stops_the_start(tmp_path: Path) -> None:
    taken = listen("127.0.0.1", 0)
    second = Clinic(tmp_path, "--port", str(port_of(taken)))
    assert second.stop(0) == 2
    taken.close()
    assert len(second.lines) == 1
    assert f"Port {port_of_text(second.text)} is in use" in second.text


def port_of_text(text: str) -> str:
    return text.split("Port ")[1].split(" ", maxsplit=1)[0]


def test_a_folder_that_cannot_be_written_to_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    running = Clinic.__new__(Clinic)
    done = subprocess.run(
        [sys.executable, "-m", "cryomassage_clinic", "run", "--data", str(tmp_path / "file" / "data")],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    del running
    assert done.returncode == 2
    assert "cannot be written to" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_loses_acknowledged_writes_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "lax.py").write_text(
        "from tests.clinic.server_settings import *\n"
        'DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"\n'
    )
    path = f"{tmp_path}{os.pathsep}{environment(tmp_path)['PYTHONPATH']}"
    running = Clinic(tmp_path, "--port", "0", DJANGO_SETTINGS_MODULE="lax", PYTHONPATH=path)
    assert running.stop(0) == 2
    assert "may lose what it has acknowledged: synchronous is 1" in running.text


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (["--help"], 0, "run"),
        ([], 2, "usage"),
        (["no_such_thing"], 2, "There is no command 'no_such_thing'"),
        (["run", "--port", "70000"], 2, "must be a whole number"),
        (["run", "--name", "clinic.example"], 2, "then .local"),
        (["run", "--name", "other.local"], 2, "belongs to --lan"),
        (["run", "--help"], 0, "--lan"),
        (["check"], 0, ""),
    ],
)
def test_commands(given: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(given)
    assert (ended.value.code or 0) == code
    said = capsys.readouterr()
    assert words in said.out + said.err
    assert "Traceback" not in said.err


def test_wrong_settings_are_told_without_a_traceback(tmp_path: Path) -> None:
    for given in (["run", "--port", "0"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "cryomassage_clinic", *given],
            env=environment(tmp_path, CRYOMASSAGE_HTTPS="perhaps"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "CRYOMASSAGE_HTTPS" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_lock_is_held_by_one_and_freed_with_it(tmp_path: Path) -> None:
    first, second = Hold(tmp_path / "lock"), Hold(tmp_path / "lock")
    assert first.take()
    assert not second.take()
    assert second.holder() == str(os.getpid())
    first.leave()
    assert second.take()
    second.leave()
    kept = hold_clinic(tmp_path)
    with pytest.raises(StartError, match="running already"):
        hold_clinic(tmp_path)
    kept.leave()


def test_the_folder_is_made_and_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_usable(tmp_path / "new" / "one")
    assert list((tmp_path / "new" / "one").iterdir()) == []
    monkeypatch.setenv("CRYOMASSAGE_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    assert data_folder("/elsewhere") == Path("/elsewhere")


def test_an_address_of_another_computer_is_refused() -> None:
    with pytest.raises(StartError, match=r"Cannot listen|no such address"):
        listen("203.0.113.7", 0)
    with pytest.raises(StartError, match="no such address"):
        listen("no such host", 0)


def test_options_have_their_defaults() -> None:
    plain, lan = read([]), read(["--lan", "--name", "Salon.local."])
    assert (plain.host, plain.port, plain.lan) == ("127.0.0.1", 8765, False)
    assert (lan.host, lan.name) == ("0.0.0.0", "salon.local")


@pytest.mark.slow
def test_a_child_that_keeps_dying_is_not_started_in_a_tight_loop() -> None:
    said: list[str] = []
    child = Child("trial", [sys.executable, "-c", "raise SystemExit(3)"], said.append, first_pause_s=0.2)
    child.start()
    ends = time.monotonic() + 2.5
    while time.monotonic() < ends:
        child.look_after()
        time.sleep(0.01)
    assert 2 <= len(said) <= 4
    assert "exit code 3" in said[0]
    assert "0.4 s" in said[1]


def test_files_are_collected_once(tmp_path: Path) -> None:
    code = """
        from cryomassage_clinic.server.prepare import collect_files
        print(collect_files(), collect_files())
        """
    assert python(tmp_path, code) == "True False"
    assert (
        python(tmp_path, "from cryomassage_clinic.server.prepare import collect_files; print(collect_files())")
        == "False"
    )
    (tmp_path / "static" / prepare._STAMP).write_text("another version")
    assert python(tmp_path, code) == "True False"


def test_the_page_weighs_little(folder: Path) -> None:
    with Clinic(folder, "--port", "0") as running:
        running.address()
    shared = ["web/tokens", "web/base", "web/print", "web/safe-form", "web/vendor/htmx.min", "web/icons"]
    weights = {}
    for name in shared:
        found = list((folder / "static").glob(f"{name}.*.gz"))
        weights[name] = min(path.stat().st_size for path in found)
    assert sum(weights.values()) < 60_000, weights
    assert weights["web/safe-form"] < 6_000


def test_a_port_stays_with_the_starter() -> None:
    opened = listen("127.0.0.1", 0)
    with pytest.raises(StartError, match="in use"):
        listen("127.0.0.1", port_of(opened))
    opened.close()
    assert socket.socket  # closed sockets free the port at once
    listen("127.0.0.1", 0).close()
