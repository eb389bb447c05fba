"""What `run --lan` adds: certificate, name on the network, and the page of trust."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cryomassage_clinic.lan.certificates import certificates
from cryomassage_clinic.lan.network import Announcement, addresses, host_name
from cryomassage_clinic.server.options import Options
from cryomassage_clinic.server.problems import StartError
from cryomassage_clinic.server.sockets import listen

if TYPE_CHECKING:
    from cryomassage_clinic.lan.trust import TrustServer


class LanMode:
    """The clinic on its local network."""

    def __init__(self, folder: Path, options: Options, port: int) -> None:
        """Make the certificates and open the second socket.

        Raises:
            StartError: the socket or the certificates cannot be had.
        """
        self.name = options.name
        self._port = port
        self._addresses = addresses()
        names = list(dict.fromkeys(filter(None, [options.name, host_name(), "localhost"])))
        try:
            self.certificates = certificates(folder / "certificates", names, [*self._addresses, "127.0.0.1", "::1"])
        except OSError as error:
            raise StartError(
                f"The certificates cannot be kept in {folder / 'certificates'}: {error.strerror}"
            ) from error
        self._opened = listen(options.host, port + 1)
        self._announcement: Announcement | None = None
        self._server: TrustServer | None = None
        self.address = f"https://{options.name}:{port}"
        reached = next(iter(self._addresses), options.name)
        self.trust_address = f"http://{f'[{reached}]' if ':' in reached else reached}:{port + 1}/"
        self.hosts = [*names, *(f"[{one}]" if ":" in one else one for one in [*self._addresses, "127.0.0.1", "::1"])]

    def start(self) -> None:
        """Serve the page of trust and tell the network the name."""
        from cryomassage_clinic.lan.trust import TrustPage, TrustServer

        page = TrustPage(
            self.certificates.authority, self.certificates.fingerprint, f"{self.address}/", self.trust_address
        )
        server = TrustServer(page, self._opened)
        server.start()
        self._server = server
        if self._addresses:
            self._announcement = Announcement(self.name, self._port, self._addresses)
            self._announcement.__enter__()

    def greet(self, say: Callable[[str], None]) -> None:
        """Tell how a tablet gets here."""
        from cryomassage_clinic.lan.trust import qr_text

        say(f"Tablets, the first time: {self.trust_address}")
        say(qr_text(self.trust_address))
        if self.certificates.new_authority:
            say("A new certificate was made: each tablet has to trust it once.")
        say(f"Fingerprint to compare on the tablet:\n{self.certificates.fingerprint}")

    def stop(self) -> None:
        """Take the name back and close the page."""
        if self._announcement is not None:
            self._announcement.__exit__(None, None, None)
        if self._server is not None:
            self._server.stop()
        else:
            self._opened.close()
