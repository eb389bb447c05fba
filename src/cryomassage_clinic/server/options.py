"""The options of `run`."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.local")


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    host: str
    port: int
    lan: bool
    name: str
    data: str | None
    demo: bool


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = -1
    if not 0 <= port <= 65_534:  # the page of trust takes the one after it
        raise argparse.ArgumentTypeError(f"{text!r}: must be a whole number from 0 (any free port) to 65534")
    return port


def _name(text: str) -> str:
    name = text.lower().rstrip(".")
    if not _NAME.fullmatch(name):
        raise argparse.ArgumentTypeError(f"{text!r}: must be one word of letters, digits and hyphens, then .local")
    return name


def read(arguments: list[str]) -> Options:
    """Read the options; wrong ones end the program with exit code 2 and the reason."""
    parser = argparse.ArgumentParser(
        prog="cryomassage-clinic run",
        description="Start the clinic: web server and task worker. Stop it with Ctrl+C.",
    )
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1, this computer only)")
    parser.add_argument("--port", type=_port, default=8765, help="port (default: 8765; 0: any free one)")
    parser.add_argument(
        "--lan",
        action="store_true",
        help="serve tablets of the local network over HTTPS, with a certificate of this clinic's own, "
        "and show on port + 1 how a tablet learns to trust it",
    )
    parser.add_argument(
        "--name", type=_name, default="cryomassage.local", help="name on the local network (default: %(default)s)"
    )
    parser.add_argument("--data", metavar="DIR", help="data folder (default: CRYOMASSAGE_DATA or the home folder's)")
    parser.add_argument("--demo", action="store_true", help="add a clinic with invented clients to try things on")
    found = parser.parse_args(arguments)
    if found.name != "cryomassage.local" and not found.lan:
        parser.error("--name belongs to --lan")
    return Options(
        host=found.host or ("0.0.0.0" if found.lan else "127.0.0.1"),
        port=found.port,
        lan=found.lan,
        name=found.name,
        data=found.data,
        demo=found.demo,
    )
