"""`cryomassage-clinic run`: everything that a clinic on one computer needs, until it is told to stop."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from cryomassage_clinic.server import options as run_options
from cryomassage_clinic.server.children import Child
from cryomassage_clinic.server.folder import data_folder, hold_clinic, make_usable
from cryomassage_clinic.server.options import Options
from cryomassage_clinic.server.problems import StartError
from cryomassage_clinic.server.sockets import listen, port_of

if TYPE_CHECKING:
    from cryomassage_clinic.server.lan_mode import LanMode

FIRST_ANSWER_S = 60.0
STOP_S = 12.0
_LOOK_S = 0.25


def say(words: str) -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def complain(words: str) -> None:
    """Tell what is wrong."""
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def run(arguments: list[str]) -> int:
    """Start the clinic and keep it running.

    Returns:
        0 stopped when asked to; 1 it could not serve; 2 the input is wrong: port, folder, database.
    """
    options = run_options.read(arguments)
    stop = threading.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, lambda _number, _frame: stop.set())
    try:
        with ExitStack() as open_things:
            return _run(options, stop, open_things)
    except StartError as error:
        complain(str(error))
        return error.code


def _run(options: Options, stop: threading.Event, open_things: ExitStack) -> int:
    folder = data_folder(options.data)
    os.environ["CRYOMASSAGE_DATA"] = str(folder)
    make_usable(folder)
    open_things.callback(hold_clinic(folder).leave)
    opened = open_things.enter_context(listen(options.host, options.port))
    port = port_of(opened)

    lan: LanMode | None = None
    if options.lan:
        from cryomassage_clinic.server.lan_mode import LanMode

        lan = LanMode(folder, options, port)
        open_things.callback(lan.stop)
        address = lan.address
        _allow(lan.hosts, [address], https=True)
    else:
        address = _plain_address(options.host, port)
        _allow(_hosts(options.host), [address], https=False)

    _load_settings()
    from cryomassage_clinic.server.prepare import prepare

    prepare()
    if options.demo:
        from cryomassage_clinic.demo.services import make_demo_clinic

        demo = make_demo_clinic()
        if demo:
            say(demo)
    link = _first_owner_link()
    children = _children(opened, lan)
    open_things.callback(_stop, children)
    for child in children:
        child.start()
    if not _wait_until_alive(opened, lan, children[0], stop):
        return 0 if stop.is_set() else 1
    if lan is not None:
        lan.start(complain)
    _greet(options, address, folder, link, lan)
    while not stop.wait(_LOOK_S):
        for child in children:
            child.look_after()
        if lan is not None:
            lan.look_after(say, complain)
    say("Stopping …")
    return 0


def _load_settings() -> None:
    """Read the settings with Django.

    Raises:
        StartError: they are wrong.
    """
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except (ImproperlyConfigured, OSError, ValueError) as error:
        raise StartError(f"The settings are wrong: {error}") from error


def _first_owner_link() -> str | None:
    """The address by which the first owner makes an account; None where there is an owner."""
    from cryomassage_clinic.accounts.first_owner import first_owner_link

    try:
        return first_owner_link()
    finally:
        from django.db import connections

        connections.close_all()


def _hosts(host: str) -> list[str]:
    """The names under which the clinic may be asked for."""
    names = ["localhost", "127.0.0.1", "[::1]"]
    if host in ("0.0.0.0", "::"):
        from cryomassage_clinic.lan.network import addresses, host_name

        return [*names, socket.gethostname(), *filter(None, [host_name()]), *map(_in_address, addresses())]
    return [*names, _in_address(host)]


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _plain_address(host: str, port: int) -> str:
    shown = "127.0.0.1" if host == "0.0.0.0" else "::1" if host == "::" else host
    return f"http://{_in_address(shown)}:{port}"


def _allow(hosts: list[str], origins: list[str], *, https: bool) -> None:
    """Tell the settings of all processes which names are served; what the environment names already stays."""
    for name, values in (("CRYOMASSAGE_HOSTS", hosts), ("CRYOMASSAGE_ORIGINS", origins)):
        given = [part for part in os.environ.get(name, "").split(",") if part.strip()]
        os.environ[name] = ",".join(dict.fromkeys([*given, *values]))
    if https:
        os.environ["CRYOMASSAGE_HTTPS"] = "yes"


def _children(opened: socket.socket, lan: LanMode | None) -> list[Child]:
    own = [sys.executable, "-m"]
    web = [*own, "cryomassage_clinic.server.web", "--descriptor", str(opened.fileno())]
    if lan is not None:
        found = lan.certificates
        web += ["--certificate", str(found.certificate), "--key", str(found.key)]
    return [
        Child("web server", web, complain, keep_open=[opened.fileno()]),
        Child("task worker", [*own, "cryomassage_clinic.server.worker"], complain),
    ]


def _wait_until_alive(opened: socket.socket, lan: LanMode | None, web: Child, stop: threading.Event) -> bool:
    """Wait for the first answer.

    Returns:
        False where the server ended before it gave one, or none came in time.
    """
    deadline = time.monotonic() + FIRST_ANSWER_S
    context = None
    name = "localhost"
    if lan is not None:
        context = ssl.create_default_context(cafile=str(lan.certificates.authority))
        name = lan.name
    while time.monotonic() < deadline and not stop.is_set():
        how = web.ended()
        if how is not None:
            complain(f"The web server could not start ({how}). What it wrote above tells why. Everything was stopped.")
            return False
        if _answers(opened, name, context):
            return True
        stop.wait(0.05)
    if not stop.is_set():
        complain(f"The web server gave no answer within {FIRST_ANSWER_S:g} s. Everything was stopped.")
    return False


def _answers(opened: socket.socket, name: str, context: ssl.SSLContext | None) -> bool:
    host, port = opened.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    try:
        with socket.create_connection((host, port), timeout=10) as plain:
            link = context.wrap_socket(plain, server_hostname=name) if context is not None else plain
            connection = http.client.HTTPConnection(name, port)
            connection.sock = link
            connection.request("GET", "/alive")
            return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False


def _greet(options: Options, address: str, folder: Path, link: str | None, lan: LanMode | None) -> None:
    say(f"The clinic is open: {address}/")
    if lan is not None:
        lan.greet(say)
    elif options.host not in ("127.0.0.1", "::1", "localhost"):
        complain(
            "Others on the network can read along: this is plain HTTP. For tablets use --lan; "
            "behind a proxy of your own that speaks HTTPS, set CRYOMASSAGE_HTTPS=yes."
        )
    if link is not None:
        say(f"No owner yet. Make the owner's account here; the link works once: {address}{link}")
    say(f"Its data: {folder}")
    say("Stop it with Ctrl+C; nothing is lost.")


def _stop(children: list[Child]) -> None:
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + STOP_S
    for child in children:
        child.wait_until(deadline)
