"""Secrets at rest: AES-256-GCM under a key that lies in Vong's home folder, never in the database."""

import hmac
import os
from contextlib import suppress
from pathlib import Path

from vong.errors import Misconfigured

FILE = "secrets.key"
SIZE = 32
NONCE = 12


class SecretBox:
    """Seals and opens secrets. The key is made when first needed (mode 600); several servers of one database need the
    same file.
    """

    def __init__(self, home: Path) -> None:
        self._file = home / FILE

    def seal(self, secret: str, name: str, *, alike: bool = False) -> bytes:
        """A secret as it is stored. It can be opened under the same `name` only, so that no row takes another's. With
        `alike` the same secret of the same name gives the same each time.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key = self._key(make=True)
        nonce = _nonce(key, secret, name) if alike else os.urandom(NONCE)
        return nonce + AESGCM(key).encrypt(nonce, secret.encode(), name.encode())

    def open(self, sealed: bytes, name: str) -> str:
        """The secret. Misconfigured where the key is not the one it was sealed with."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self._key(make=False)).decrypt(sealed[:NONCE], sealed[NONCE:], name.encode()).decode()
        except InvalidTag as error:
            message = f"the stored secret of {name.rpartition('/')[2]!r} was sealed with another {self._file}"
            raise Misconfigured(message, "bring that file back, or set the secret anew") from error

    def _key(self, *, make: bool) -> bytes:
        if make and not self._file.exists():
            self._make()
        try:
            key = self._file.read_bytes()
        except OSError as error:
            raise Misconfigured(
                f"the key of the stored secrets cannot be read: {error}", "bring that file back, or set them anew"
            ) from error
        if len(key) != SIZE:
            raise Misconfigured(f"{self._file} is no key of {SIZE} bytes", "bring the right file back")
        return key

    def _make(self) -> None:
        """Whole or not at all, and the first of two processes wins."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_name(f"{FILE}.{os.getpid()}")
        with suppress(FileNotFoundError):
            draft.unlink()
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(SIZE))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, self._file)
        draft.unlink()


def _nonce(key: bytes, secret: str, name: str) -> bytes:
    """One that no other secret and no other name has: what AES-GCM asks of a nonce."""
    return hmac.digest(key, b"%b\0%b" % (name.encode(), secret.encode()), "sha256")[:NONCE]
