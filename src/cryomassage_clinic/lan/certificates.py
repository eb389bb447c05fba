"""The clinic's own certificate authority, and the certificate of its server.

Tablets trust the authority once. It can vouch for `.local` names and private addresses only (name constraints), so
that whoever stole its key could not pose as a bank. Both lie in the data folder, keys readable by their owner only.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 3652
SERVER_DAYS = 397  # the longest that tablets take
RENEW_DAYS = 30
_ALLOWED_NAMES = ("local", "localhost")
_ALLOWED_NETWORKS = (
    "10.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
)
_Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Certificates:
    """Where they lie, and by what people tell the authority."""

    authority: Path  # PEM
    certificate: Path  # PEM: the server's, then the authority's
    key: Path
    fingerprint: str  # SHA-256 of the authority, in pairs
    renewed: bool  # whether the server's certificate was made just now
    new_authority: bool  # whether tablets have to trust anew


def may_be_named(address: str) -> bool:
    """Whether the authority may vouch for this address."""
    found = ipaddress.ip_address(address)
    return any(found in ipaddress.ip_network(network) for network in _ALLOWED_NETWORKS)


def certificates(folder: Path, names: Sequence[str], addresses: Sequence[str]) -> Certificates:
    """The certificates for these names and addresses; made or renewed where need be.

    Args:
        folder: where they are kept.
        names: `.local` names; the first is the server's own.
        addresses: of this computer; those outside private networks are left out.

    Raises:
        OSError: the folder cannot be used.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    now = datetime.datetime.now(datetime.UTC)
    authority_path, authority_key_path = folder / "authority.crt", folder / "authority.key"
    authority, authority_key = _read(authority_path), _read_key(authority_key_path)
    new_authority = not _sound(authority, authority_key, now)
    if authority is None or authority_key is None or new_authority:
        authority_key = ec.generate_private_key(ec.SECP256R1())
        authority = _make_authority(authority_key, now)
        _write(authority_key_path, _key_text(authority_key), 0o600)
        _write(authority_path, _text(authority), 0o644)

    sorted_addresses = sorted({address for address in addresses if may_be_named(address)})
    path, key_path = folder / "server.crt", folder / "server.key"
    present, key = _read(path), _read_key(key_path)
    renewed = (
        not _sound(present, key, now)
        or not _signed_by(present, authority)
        or not _names_are(present, names, sorted_addresses)
    )
    if renewed:
        key = ec.generate_private_key(ec.SECP256R1())
        made = _make_server(key, authority, authority_key, names, sorted_addresses, now)
        _write(key_path, _key_text(key), 0o600)
        _write(path, _text(made) + _text(authority), 0o644)
    digest = authority.fingerprint(hashes.SHA256()).hex().upper()
    return Certificates(
        authority_path,
        path,
        key_path,
        " ".join(digest[start : start + 4] for start in range(0, len(digest), 4)),
        renewed,
        new_authority,
    )


def _make_authority(key: _Key, now: datetime.datetime) -> x509.Certificate:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"Cryomassage of this clinic {secrets.token_hex(3)}"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Cryomassage"),
        ]
    )
    allowed: list[x509.GeneralName] = [x509.DNSName(one) for one in _ALLOWED_NAMES]
    allowed += [x509.IPAddress(ipaddress.ip_network(one)) for one in _ALLOWED_NETWORKS]
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted_subtrees=allowed, excluded_subtrees=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def _make_server(
    key: _Key,
    authority: x509.Certificate,
    authority_key: _Key,
    names: Sequence[str],
    addresses: Sequence[str],
    now: datetime.datetime,
) -> x509.Certificate:
    others: list[x509.GeneralName] = [x509.DNSName(one) for one in names]
    others += [x509.IPAddress(ipaddress.ip_address(one)) for one in addresses]
    ends = min(now + datetime.timedelta(days=SERVER_DAYS - 1), authority.not_valid_after_utc)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))  # the clock of a tablet may be slow
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(others), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _sound(certificate: x509.Certificate | None, key: _Key | None, now: datetime.datetime) -> bool:
    """Whether both are there, belong together, and last a while."""
    if certificate is None or key is None or certificate.public_key() != key.public_key():
        return False
    left = certificate.not_valid_after_utc - now
    return certificate.not_valid_before_utc <= now and left >= datetime.timedelta(days=RENEW_DAYS)


def _signed_by(certificate: x509.Certificate | None, authority: x509.Certificate) -> bool:
    try:
        if certificate is not None:
            certificate.verify_directly_issued_by(authority)
            return True
    except Exception:  # whatever is wrong with it, it is made anew
        return False
    return False


def _names_are(certificate: x509.Certificate | None, names: Sequence[str], addresses: Sequence[str]) -> bool:
    if certificate is None:
        return False
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(found.get_values_for_type(x509.DNSName)) == set(names) and {
        str(one) for one in found.get_values_for_type(x509.IPAddress)
    } == set(addresses)


def _text(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_text(key: _Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _read(path: Path) -> x509.Certificate | None:
    """What lies there, or None where it is missing or spoilt."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def _read_key(path: Path) -> _Key | None:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all; never readable by others for a moment."""
    trial = path.with_suffix(path.suffix + ".new")
    trial.unlink(missing_ok=True)
    with os.fdopen(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    trial.replace(path)
