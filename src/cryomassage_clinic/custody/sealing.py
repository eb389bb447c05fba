"""Encrypts a stream with a passphrase, in chunks, so that a file of any size is never held in memory.

AES-256-GCM with a key from scrypt. The nonce of a chunk holds its number and whether it is the last one, so that
chunks cannot be moved, left out or cut off at the end without being noticed.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"CRYOSEAL1\n"
_CHUNK = 1 << 20
_TAG = 16
_SALT, _PREFIX = 16, 7


class SealError(Exception):
    """The file cannot be opened: no passphrase, a wrong one, or the file is damaged."""


def read_passphrase(path: Path) -> bytes:
    """The passphrase in a file, without the line's end.

    Raises:
        SealError: there is none, or it is too short to be one.
    """
    try:
        found = path.read_bytes().strip()
    except OSError as error:
        raise SealError(f"{path}: the passphrase cannot be read: {error.strerror}.") from error
    if len(found) < 12:
        raise SealError(f"{path}: a passphrase has at least 12 characters.")
    return found


def _cipher(passphrase: bytes, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase))


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


class SealingWriter(io.RawIOBase):
    """Takes bytes and writes them encrypted. `close` writes the last chunk and leaves the file below open."""

    def __init__(self, below: IO[bytes], passphrase: bytes) -> None:
        self._below, self._held, self._number = below, bytearray(), 0
        salt, self._prefix = os.urandom(_SALT), os.urandom(_PREFIX)
        self._aes = _cipher(passphrase, salt)
        below.write(MAGIC + salt + self._prefix)

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: object) -> int:
        """Take some bytes."""
        part = bytes(data)  # type: ignore[call-overload]
        self._held += part
        while len(self._held) > _CHUNK:  # one chunk stays back: it may be the last
            self._put(bytes(self._held[:_CHUNK]), last=False)
            del self._held[:_CHUNK]
        return len(part)

    def finish(self) -> None:
        """Write what is left. A file without this is one that was cut off."""
        self._put(bytes(self._held), last=True)
        self._held.clear()

    def _put(self, data: bytes, *, last: bool) -> None:
        self._below.write(self._aes.encrypt(_nonce(self._prefix, self._number, last), data, MAGIC))
        self._number += 1


class OpeningReader(io.RawIOBase):
    """Reads what `SealingWriter` wrote."""

    def __init__(self, below: IO[bytes], passphrase: bytes) -> None:
        """Read the head.

        Raises:
            SealError: this is no such file.
        """
        head = below.read(len(MAGIC) + _SALT + _PREFIX)
        if len(head) != len(MAGIC) + _SALT + _PREFIX or not head.startswith(MAGIC):
            raise SealError("The file is not an encrypted backup.")
        salt, self._prefix = head[len(MAGIC) : len(MAGIC) + _SALT], head[len(MAGIC) + _SALT :]
        self._below, self._aes = below, _cipher(passphrase, salt)
        self._number, self._ready, self._ahead, self._ended = 0, b"", below.read(_CHUNK + _TAG), False

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill a buffer.

        Raises:
            SealError: the passphrase is wrong, or the file is damaged.
        """
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        while not self._ready and not self._ended:
            self._next()
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _next(self) -> None:
        chunk, self._ahead = self._ahead, self._below.read(_CHUNK + _TAG)
        last = not self._ahead
        try:
            self._ready = self._aes.decrypt(_nonce(self._prefix, self._number, last), chunk, MAGIC)
        except InvalidTag as error:
            raise SealError("The passphrase is wrong, or the file is damaged.") from error
        self._number, self._ended = self._number + 1, last
