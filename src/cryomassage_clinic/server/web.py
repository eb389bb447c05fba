"""The web server, as a child of the starter: gunicorn on a socket that the starter has opened."""

from __future__ import annotations

import argparse
import gc
import os
import ssl
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from cryomassage_clinic.server.children import stop_with_parent

# Measured: the second process adds few megabytes, since both share what was loaded before they parted.
PROCESSES = 2
THREADS = 4


class ClinicServer(BaseApplication):
    """Gunicorn without its command line: every option is set here."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Take the options; environment variables and files of gunicorn are not read."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application; what it loaded stays shared between the processes."""
        from cryomassage_clinic.wsgi import application

        gc.collect()
        gc.freeze()
        return application


def _modern(config: Any, default: Any) -> ssl.SSLContext:
    context: ssl.SSLContext = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def options_of(descriptor: int, certificate: Path | None, key: Path | None) -> dict[str, Any]:
    """What gunicorn is told."""
    options: dict[str, Any] = {
        "bind": [f"fd://{descriptor}"],
        "worker_class": "gthread",
        "workers": PROCESSES,
        "threads": THREADS,
        "preload_app": True,
        "timeout": 60,
        "graceful_timeout": 8,
        "keepalive": 75,
        "accesslog": None,  # addresses hold ids, and what was searched for
        "errorlog": "-",
        "loglevel": "warning",
        "proc_name": "cryomassage-web",
        "control_socket_disable": True,
        "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,
    }
    if certificate is not None and key is not None:
        options |= {"certfile": str(certificate), "keyfile": str(key), "ssl_context": _modern}
    return options


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--descriptor", type=int, required=True)
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--key", type=Path)
    found = parser.parse_args()
    stop_with_parent()
    ClinicServer(options_of(found.descriptor, found.certificate, found.key)).run()


if __name__ == "__main__":
    main()
