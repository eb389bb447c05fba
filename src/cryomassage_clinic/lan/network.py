"""The addresses of this computer on its networks, and the name that it tells them."""

from __future__ import annotations

import ipaddress
import re
import socket
from types import TracebackType

import ifaddr
from zeroconf import AddressResolverIPv4, IPVersion, ServiceInfo, Zeroconf  # type: ignore[attr-defined]

KIND = "_https._tcp.local."
_NOT_OF_A_HOST_NAME = re.compile(r"[^a-z0-9-]")


def addresses(*, with_loopback: bool = False) -> list[str]:
    """All addresses of this computer that others may reach it by; IPv4 first."""
    found = set()
    for adapter in ifaddr.get_adapters():
        for one in adapter.ips:
            text = one.ip if isinstance(one.ip, str) else one.ip[0]
            address = ipaddress.ip_address(text)
            # An IPv6 address that holds on one wire only is of no use without the name of the wire.
            if not (address.is_loopback or (address.version == 6 and address.is_link_local)):
                found.add(address)
    ordered = [str(address) for address in sorted(found, key=lambda one: (one.version, int(one)))]
    return ["127.0.0.1", "::1", *ordered] if with_loopback else ordered


def host_name() -> str:
    """The name of this computer as its networks may know it, or nothing."""
    short = _NOT_OF_A_HOST_NAME.sub("-", socket.gethostname().split(".")[0].lower()).strip("-")
    return f"{short}.local" if short and short != "localhost" else ""


def others_named(name: str, own: list[str], interfaces: list[str] | None = None, wait_s: float = 1.5) -> list[str]:
    """The addresses of other computers that answer to a `.local` name.

    Raises:
        OSError: the network cannot be asked.
    """
    asking = Zeroconf(ip_version=IPVersion.V4Only, interfaces=interfaces or _of_version_4(own))
    try:
        resolver = AddressResolverIPv4(f"{name}.")
        if not resolver.request(asking, wait_s * 1000):
            return []
        return [address for address in resolver.parsed_addresses() if address not in own]
    finally:
        asking.close()


def _of_version_4(found: list[str]) -> list[str]:
    return [one for one in found if ":" not in one]


class Announcement:
    """Tells the local network by which address a `.local` name is reached, as long as it is open (mDNS)."""

    def __init__(self, name: str, port: int, found: list[str], interfaces: list[str] | None = None) -> None:
        label = f"Cryomassage {name.removesuffix('.local')}"[:63]  # as long as one part of a name may be
        self._info = ServiceInfo(
            KIND,
            f"{label}.{KIND}",
            parsed_addresses=found,
            port=port,
            server=f"{name}.",
            properties={"path": "/"},
        )
        self._zeroconf = Zeroconf(ip_version=IPVersion.V4Only, interfaces=interfaces or _of_version_4(found))

    def __enter__(self) -> Announcement:
        """Begin to tell."""
        try:
            self._zeroconf.register_service(self._info, allow_name_change=True)
        except Exception:
            self._zeroconf.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say that the name is gone."""
        self._zeroconf.close()
