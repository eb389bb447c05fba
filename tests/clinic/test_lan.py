"""The clinic on its local network: a certificate of its own, a name, and a page by which tablets learn to trust it."""

from __future__ import annotations

import datetime
import functools
import socket
import ssl
import stat
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from zeroconf import IPVersion, Zeroconf

from cryomassage_clinic.lan.certificates import SERVER_DAYS, certificates, may_be_named
from cryomassage_clinic.lan.network import KIND, Announcement, addresses, host_name, others_named
from cryomassage_clinic.lan.trust import TrustPage, TrustServer, qr_picture, qr_text
from cryomassage_clinic.server import lan_mode
from cryomassage_clinic.server.options import read
from cryomassage_clinic.server.sockets import listen, port_of
from tests.clinic.server_live import Clinic, make_people

pytestmark = [pytest.mark.unit, pytest.mark.sqlite]
NAME = "cryomassage.local"


def loaded(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> None:
    """Client and server greet each other over a pair of sockets."""
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    theirs.settimeout(10)

    def serve() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).recv(1)
        except OSError:
            pass
        finally:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client.wrap_socket(ours, server_hostname=name).close()
    finally:
        ours.close()
        thread.join()


def contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.crt", folder / "server.key")
    return server, ssl.create_default_context(cafile=str(folder / "authority.crt"))


def test_who_trusts_the_authority_trusts_the_name_and_no_other(tmp_path: Path) -> None:
    certificates(tmp_path, [NAME, "pc.local"], ["192.168.1.20", "127.0.0.1"])
    server, client = contexts(tmp_path)
    for name in (NAME, "pc.local", "192.168.1.20", "127.0.0.1"):
        handshake(server, client, name)
    for name in ("other.local", "192.168.1.21", "example.org"):
        with pytest.raises(ssl.SSLCertVerificationError):
            handshake(server, client, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, ssl.create_default_context(), NAME)


def test_the_authority_cannot_vouch_for_a_website(tmp_path: Path) -> None:
    certificates(tmp_path, ["bank.example"], [])  # a thief of its key could make this one
    server, client = contexts(tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        handshake(server, client, "bank.example")


def test_keys_are_read_by_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    certificates(folder, [NAME], [])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("authority.key", "server.key"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert not list(folder.glob("*.new"))


def test_a_certificate_is_made_once_and_renewed_in_time(tmp_path: Path) -> None:
    first = certificates(tmp_path, [NAME], ["192.168.1.20"])
    assert (first.renewed, first.new_authority) == (True, True)
    one = loaded(first.certificate)
    assert one.not_valid_after_utc - one.not_valid_before_utc <= datetime.timedelta(days=SERVER_DAYS)
    ten_years = loaded(first.authority).not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    assert ten_years.days >= 3650
    again = certificates(tmp_path, [NAME], ["192.168.1.20"])
    assert (again.renewed, again.new_authority) == (False, False)
    assert again.fingerprint == first.fingerprint

    moved = certificates(tmp_path, [NAME], ["192.168.1.77"])
    assert (moved.renewed, moved.new_authority) == (True, False)
    assert moved.fingerprint == first.fingerprint  # tablets go on trusting
    for days, renewed in ((SERVER_DAYS - 33, False), (SERVER_DAYS - 29, True)):
        with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)):
            later = certificates(tmp_path, [NAME], ["192.168.1.77"])
            assert (later.renewed, later.new_authority) == (renewed, False)


def test_spoilt_files_are_made_anew(tmp_path: Path) -> None:
    certificates(tmp_path, [NAME], [])
    (tmp_path / "server.key").write_bytes(b"")
    assert certificates(tmp_path, [NAME], []).renewed
    (tmp_path / "authority.crt").write_bytes(b"cut off")
    made = certificates(tmp_path, [NAME], [])
    assert made.new_authority
    handshake(*contexts(tmp_path), NAME)


def test_only_private_addresses_are_named(tmp_path: Path) -> None:
    made = certificates(tmp_path, [NAME], ["203.0.113.9", "10.1.2.3", "fd00::5"])
    names = loaded(made.certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(one) for one in names.get_values_for_type(x509.IPAddress)} == {"10.1.2.3", "fd00::5"}
    assert not may_be_named("8.8.8.8")


def test_the_fingerprint_is_that_of_the_file_that_tablets_load(tmp_path: Path) -> None:
    made = certificates(tmp_path, [NAME], [])
    page = TrustPage(made.authority, made.fingerprint, "https://cryomassage.local:8765/", "http://192.168.1.20:8766/")
    downloaded = x509.load_der_x509_certificate(page.answer("/cryomassage.crt").body)
    assert downloaded.fingerprint(hashes.SHA256()).hex().upper() == made.fingerprint.replace(" ", "")
    assert downloaded.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


@pytest.fixture
def page(tmp_path: Path) -> TrustPage:
    made = certificates(tmp_path, [NAME], [])
    return TrustPage(made.authority, made.fingerprint, "https://cryomassage.local:8765/", "http://192.168.1.20:8766/")


def test_the_page_says_what_to_do_and_what_to_compare(page: TrustPage) -> None:
    answer = page.answer("/")
    text = answer.body.decode()
    assert answer.status == 200
    for words in ("Android", "iPad and iPhone", "Windows", "Firefox", "Chrome or Chromium on Linux", page.fingerprint):
        assert words in text
    assert 'href="https://cryomassage.local:8765/"' in text
    assert "<script" not in text
    assert " style=" not in text
    assert 'lang="ru"' in page.answer("/?lang=ru").body.decode()
    assert 'lang="ru"' in page.answer("/", "fr;q=0.9, ru-RU;q=0.8, en").body.decode().split("<head>")[0]
    assert 'lang="en"' in page.answer("/?lang=<script>", "xx").body.decode().split("<head>")[0]


def test_it_is_served_without_encryption_and_gives_nothing_else(page: TrustPage) -> None:
    opened = listen("127.0.0.1", 0)
    server = TrustServer(page, opened)
    server.start()
    root = f"http://127.0.0.1:{port_of(opened)}"
    try:
        for path, kind in {
            "/": "text/html",
            "/page.css": "text/css",
            "/qr.svg": "image/svg+xml",
            "/icon.svg": "image/svg+xml",
            "/cryomassage.crt": "application/x-x509-ca-cert",
        }.items():
            with urllib.request.urlopen(root + path, timeout=10) as answer:
                assert answer.headers["Content-Type"].startswith(kind)
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["Cache-Control"] == "no-store"
        for path in ("/authority.key", "/../authority.key", "/clients/", "/%2e%2e/authority.key"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(root + path, timeout=10)
            assert refused.value.code == 404
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(f"{root}/", data=b"x=1"), timeout=10)
        assert refused.value.code == 501
    finally:
        server.stop()


def test_an_address_becomes_a_picture_and_a_text() -> None:
    assert qr_picture("http://192.168.1.20:8766/").startswith(b"<?xml")
    lines = qr_text("http://192.168.1.20:8766/").splitlines()
    assert len(lines) >= 14
    assert len({len(line) for line in lines}) == 1


def test_this_computer_knows_its_addresses() -> None:
    found = addresses()
    assert "127.0.0.1" not in found
    assert addresses(with_loopback=True)[:2] == ["127.0.0.1", "::1"]
    assert host_name() == "" or host_name().endswith(".local")


def in_a_thread(test: Callable[..., None]) -> Callable[..., None]:
    """Away from the loop of a browser's driver, which runs in the thread of the tests."""

    @functools.wraps(test)
    def run(**fixtures: object) -> None:
        with ThreadPoolExecutor(1) as other:
            other.submit(test, **fixtures).result()

    return run


@in_a_thread
def test_the_network_learns_the_name() -> None:
    with Announcement("trial-of-cryomassage.local", 8765, ["127.0.0.1"]):
        asking = Zeroconf(ip_version=IPVersion.V4Only, interfaces=["127.0.0.1"])
        try:
            found = asking.get_service_info(KIND, f"Cryomassage trial-of-cryomassage.{KIND}", timeout=5000)
        finally:
            asking.close()
    assert found is not None
    assert found.server == "trial-of-cryomassage.local."
    assert found.parsed_addresses() == ["127.0.0.1"]
    assert found.port == 8765


@pytest.mark.slow
@in_a_thread
def test_another_computer_of_the_same_name_is_noticed() -> None:
    name = "twice-on-trial.local"
    assert others_named(name, ["127.0.0.1"], ["127.0.0.1"], wait_s=0.5) == []
    with Announcement(name, 8765, ["127.0.0.2"], interfaces=["127.0.0.1"]):
        assert others_named(name, ["127.0.0.1"], ["127.0.0.1"]) == ["127.0.0.2"]
        assert others_named(name, ["127.0.0.2"], ["127.0.0.1"]) == []


@pytest.mark.slow
@in_a_thread
def test_a_computer_that_moves_is_followed_and_its_certificate_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def names_of(mode: lan_mode.LanMode) -> set[str]:
        found = loaded(mode.certificates.certificate).extensions
        names = found.get_extension_for_class(x509.SubjectAlternativeName).value
        return {str(one) for one in names.get_values_for_type(x509.IPAddress)}

    said: list[str] = []
    here: list[str] = []
    monkeypatch.setattr(lan_mode, "addresses", lambda: list(here))
    monkeypatch.setattr(lan_mode, "LOOK_S", 0.0)
    port = free_pair()
    mode = lan_mode.LanMode(tmp_path, read(["--lan", "--host", "127.0.0.1", "--name", "moving-on-trial.local"]), port)
    try:
        mode.start(said.append)
        assert "in no network" in said.pop()
        first = mode.certificates
        here.append("127.0.0.2")  # the network cable is put in
        mode.look_after(said.append, said.append)
        assert said == [f"This computer has another address now. Tablets, the first time: http://127.0.0.2:{port + 1}/"]
        assert "127.0.0.2" in names_of(mode)
        assert mode.certificates.fingerprint == first.fingerprint
        assert others_named("moving-on-trial.local", ["127.0.0.1"], ["127.0.0.2"]) == ["127.0.0.2"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port + 1}/", timeout=10) as answer:
            assert f"http://127.0.0.2:{port + 1}/" in answer.read().decode()
        said.clear()
        mode.look_after(said.append, said.append)
        assert not said
        monkeypatch.setattr(lan_mode, "CERTIFICATE_S", 0.0)
        with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=SERVER_DAYS - 20)):
            mode.look_after(said.append, said.append)
        assert mode.certificates.renewed
        assert not said
    finally:
        mode.stop()


@pytest.mark.slow
def test_run_with_lan_serves_over_https_only_and_says_how_to_trust(tmp_path: Path) -> None:
    make_people(tmp_path)
    port = free_pair()
    with Clinic(tmp_path, "--lan", "--port", str(port)) as running:
        assert running.address() == f"https://{NAME}:{port}"
        running.wait_for("Stop it with")
        context = ssl.create_default_context(cafile=str(tmp_path / "certificates" / "authority.crt"))
        asked = f"GET /account/login/ HTTP/1.1\r\nHost: {NAME}:{port}\r\nConnection: close\r\n\r\n"
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=NAME) as link,
        ):
            link.sendall(asked.encode())
            answer = b"".join(iter(lambda: link.recv(65536), b"")).decode()
        assert answer.startswith("HTTP/1.1 200")
        assert "Strict-Transport-Security: max-age=31536000" in answer
        assert "; Secure" in answer or "Secure;" in answer
        certificates(tmp_path / "certificates", [NAME, "renewed.local"], [])  # taken without a restart
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname="renewed.local"),
        ):
            pass
        with urllib.request.urlopen(f"http://127.0.0.1:{port + 1}/", timeout=10) as trust:
            shown = trust.read().decode()
        fingerprint = running.lines[[line.startswith("Fingerprint") for line in running.lines].index(True) + 1]
        assert fingerprint in shown
        with pytest.raises((urllib.error.URLError, ConnectionError)):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/account/login/", timeout=5)
    assert "Traceback" not in running.text


def free_pair() -> int:
    """A port that is free together with the one after it."""
    for _ in range(50):
        first = listen("127.0.0.1", 0)
        port = port_of(first)
        try:
            listen("127.0.0.1", port + 1).close()
            return port
        except Exception:  # the next one is taken: another try
            continue
        finally:
            first.close()
    raise AssertionError("no two free ports")
