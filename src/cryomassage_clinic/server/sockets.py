"""The sockets that the clinic listens on. The starter opens them, so that a port in use is told at once, and a
child that is started again finds its socket, with whoever waits in it."""

from __future__ import annotations

import errno
import socket

from cryomassage_clinic.server.problems import StartError


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket.

    Raises:
        StartError: the port is in use, or the address is not one of this computer.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, kind)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(256)
    except socket.gaierror as error:
        raise StartError(f"--host {host}: there is no such address on this computer.") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartError(
                f"Port {port} is in use by another program. Stop that program, or choose another port: "
                f"--port {port + 10}, or --port 0 for any free one."
            ) from error
        raise StartError(f"Cannot listen on {host}, port {port}: {error.strerror}.") from error
    return opened


def port_of(opened: socket.socket) -> int:
    """The port that a socket got."""
    return int(opened.getsockname()[1])
