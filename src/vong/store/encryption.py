"""Encryption of stored secrets: AES-256-GCM with a key in Vong's home folder, never in the database."""

import hmac
import os
from contextlib import suppress
from pathlib import Path

from vong.errors import Misconfigured

KEY_FILE = "secrets.key"
KEY_BYTES = 32
NONCE_BYTES = 12


class SecretBox:
    """Encrypts and decrypts secrets.

    The key file is created on first use (mode 600). All servers of one database need the same file.
    """

    def __init__(self, home: Path) -> None:
        self._file = home / KEY_FILE

    def encrypt(self, secret: str, name: str, *, deterministic: bool = False) -> bytes:
        """Encrypt a secret for storage.

        Decryption requires the same `name`, so that one row cannot use the secret of another. With `deterministic` the
        same secret and name give the same bytes each time.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key = self._read_key(create=True)
        nonce = _derive_nonce(key, secret, name) if deterministic else os.urandom(NONCE_BYTES)
        return nonce + AESGCM(key).encrypt(nonce, secret.encode(), name.encode())

    def decrypt(self, encrypted: bytes, name: str) -> str:
        """Decrypt a stored secret.

        Raises:
            Misconfigured: the secret was encrypted with another key, or the key file cannot be read.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return (
                AESGCM(self._read_key(create=False))
                .decrypt(encrypted[:NONCE_BYTES], encrypted[NONCE_BYTES:], name.encode())
                .decode()
            )
        except InvalidTag as error:
            message = f"stored secret of {name.rpartition('/')[2]!r} was encrypted with another {self._file}"
            raise Misconfigured(message, "restore that file, or set the secret again") from error

    def _read_key(self, *, create: bool) -> bytes:
        if create and not self._file.exists():
            self._create_key()
        try:
            key = self._file.read_bytes()
        except OSError as error:
            raise Misconfigured(
                f"key of the stored secrets cannot be read: {error}", "restore that file, or set the secrets again"
            ) from error
        if len(key) != KEY_BYTES:
            raise Misconfigured(f"{self._file} is not a key of {KEY_BYTES} bytes", "restore the right file")
        return key

    def _create_key(self) -> None:
        """Create the key file atomically. If two processes create it at once, both use the first file."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_name(f"{KEY_FILE}.{os.getpid()}")
        with suppress(FileNotFoundError):
            partial.unlink()
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(partial, self._file)
        partial.unlink()


def _derive_nonce(key: bytes, secret: str, name: str) -> bytes:
    """Derive a nonce that is unique per secret and name, as AES-GCM requires."""
    return hmac.digest(key, b"%b\0%b" % (name.encode(), secret.encode()), "sha256")[:NONCE_BYTES]
