"""What `run --lan` adds: certificate, name on the network, and the page of trust; kept right as long as it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cryomassage_clinic.lan.certificates import Certificates, certificates
from cryomassage_clinic.lan.network import Announcement, addresses, host_name, others_named
from cryomassage_clinic.server.options import Options
from cryomassage_clinic.server.problems import StartError
from cryomassage_clinic.server.sockets import listen

if TYPE_CHECKING:
    from cryomassage_clinic.lan.trust import TrustPage, TrustServer

LOOK_S = 30.0  # a computer may get its address after the clinic was started, or another one later
CERTIFICATE_S = 6 * 3600.0
_LOOPBACK = ("127.0.0.1", "::1")


class LanMode:
    """The clinic on its local network."""

    def __init__(self, folder: Path, options: Options, port: int) -> None:
        """Make the certificates and open the second socket.

        Raises:
            StartError: the socket or the certificates cannot be had.
        """
        self.name = options.name
        self.address = f"https://{options.name}:{port}"
        self._folder = folder / "certificates"
        self._port = port
        self._names = list(dict.fromkeys(filter(None, [options.name, host_name(), "localhost"])))
        self._addresses = addresses()
        self._looked_at = self._certificate_at = time.monotonic()
        try:
            self.certificates = self._certificates()
        except OSError as error:
            raise StartError(f"The certificates cannot be kept in {self._folder}: {error.strerror}") from error
        self._opened = listen(options.host, port + 1)
        self._announcement: Announcement | None = None
        self._server: TrustServer | None = None

    @property
    def hosts(self) -> list[str]:
        """The names and addresses under which the clinic may be asked for."""
        return [*self._names, *(_in_address(one) for one in [*self._addresses, *_LOOPBACK])]

    @property
    def trust_address(self) -> str:
        """Where the page of trust is; by number, since a tablet that knows the name may insist on HTTPS for it."""
        return f"http://{_in_address(next(iter(self._addresses), self.name))}:{self._port + 1}/"

    def start(self, complain: Callable[[str], None]) -> None:
        """Serve the page of trust and tell the network the name."""
        from cryomassage_clinic.lan.trust import TrustServer

        self._server = TrustServer(self._page(), self._opened)
        self._server.start()
        self._announce(complain)

    def greet(self, say: Callable[[str], None]) -> None:
        """Tell how a tablet gets here."""
        from cryomassage_clinic.lan.trust import qr_text

        say(f"Tablets, the first time: {self.trust_address}")
        say(qr_text(self.trust_address))
        if self.certificates.new_authority:
            say("A new certificate was made: each tablet has to trust it once.")
        say(f"Fingerprint to compare on the tablet:\n{self.certificates.fingerprint}")

    def look_after(self, say: Callable[[str], None], complain: Callable[[str], None]) -> None:
        """Now and then: follow this computer to another address, and renew the certificate before it ends.

        The web server reads the certificate for every connection, so it needs no restart.
        """
        now = time.monotonic()
        if now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        found = addresses()
        moved = found != self._addresses
        if not moved and now - self._certificate_at < CERTIFICATE_S:
            return
        self._addresses, self._certificate_at = found, now
        try:
            self.certificates = self._certificates()
        except OSError as error:
            complain(f"The certificate could not be renewed ({error.strerror}). It is tried again later.")
        if self._server is not None:
            self._server.page = self._page()
        if moved:
            say(f"This computer has another address now. Tablets, the first time: {self.trust_address}")
            self._announce(complain)

    def stop(self) -> None:
        """Take the name back and close the page."""
        self._be_silent()
        if self._server is not None:
            self._server.stop()
        else:
            self._opened.close()

    def _certificates(self) -> Certificates:
        return certificates(self._folder, self._names, [*self._addresses, *_LOOPBACK])

    def _page(self) -> TrustPage:
        from cryomassage_clinic.lan.trust import TrustPage

        found = self.certificates
        return TrustPage(found.authority, found.fingerprint, f"{self.address}/", self.trust_address)

    def _announce(self, complain: Callable[[str], None]) -> None:
        self._be_silent()
        if all(":" in one for one in self._addresses):  # names are told over IPv4
            complain("This computer is in no network now. Tablets find the clinic as soon as it is.")
            return
        try:
            others = others_named(self.name, self._addresses)
            if others:
                complain(
                    f"Another computer of this network is called {self.name} too ({', '.join(others)}), and tablets "
                    "may find that one. Give this clinic another name: --name OTHER.local"
                )
            announcement = Announcement(self.name, self._port, self._addresses)
            announcement.__enter__()
        except OSError as error:
            complain(f"The network could not be told the name {self.name} ({error.strerror}). Tablets may not find it.")
            return
        self._announcement = announcement

    def _be_silent(self) -> None:
        if self._announcement is not None:
            self._announcement.__exit__(None, None, None)
            self._announcement = None


def _in_address(address: str) -> str:
    return f"[{address}]" if ":" in address else address
