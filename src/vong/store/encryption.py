"""Encryption of stored secrets: Fernet tokens under keys in Vong's home folder, never in the database.

The key file has one key per line: the first one encrypts, all decrypt. It is read at each use, so every server follows
a rotation at once. A token contains the name of its secret, so that one row cannot use the secret of another.
"""

import hashlib
import hmac
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from vong.errors import Misconfigured

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

KEY_FILE = "secrets.key"
PARTIAL_PREFIX = f".{KEY_FILE}-"
FERNET_PREFIX = "gAAAA"
"""First characters of every Fernet token until the year 2106."""
LEGACY_KEY_BYTES = 32
LEGACY_NONCE_BYTES = 12


class SecretBox:
    """Encrypts and decrypts secrets.

    The key file is created on first use (mode 600). All servers of one database need the same file.
    """

    def __init__(self, home: Path) -> None:
        self._file = home / KEY_FILE

    def encrypt(self, secret: str, name: str) -> bytes:
        """Encrypt a secret for storage. Decryption requires the same `name`.

        The transaction that stores the result must call `lock_secrets` first.
        """
        from cryptography.fernet import Fernet

        return Fernet(self._read_keys(create=True)[0]).encrypt(json.dumps([name, secret]).encode())

    def decrypt(self, encrypted: bytes, name: str) -> str:
        """Decrypt a stored secret.

        Raises:
            Misconfigured: another key or another name was used, or the key file cannot be read.
        """
        from cryptography.fernet import InvalidToken, MultiFernet

        keys = self._read_keys(create=False)
        try:
            stored_name, secret = json.loads(MultiFernet(_ciphers(keys)).decrypt(encrypted))
        except InvalidToken:
            stored_name, secret = name, _decrypt_legacy(encrypted, name, keys)
        if secret is None or stored_name != name:
            message = f"stored secret of {name.rpartition('/')[2]!r} was encrypted with another {self._file}"
            raise Misconfigured(message, "restore that file, or set the secret again")
        return secret

    def derive_key(self, purpose: str) -> bytes:
        """Return a key for signatures of one purpose, the same on all servers until the keys are rotated."""
        return hmac.new(self._read_keys(create=True)[0], purpose.encode(), hashlib.sha256).digest()

    def is_current(self, encrypted: bytes) -> bool:
        """Return whether a secret is encrypted in the present format with the first key."""
        from cryptography.fernet import InvalidToken

        try:
            _ciphers(self._read_keys(create=False))[0].decrypt(encrypted)
        except InvalidToken:
            return False
        return True

    def add_key(self) -> bool:
        """Add a new first key. Returns False if there are older keys already, because a rotation was interrupted."""
        from cryptography.fernet import Fernet

        keys = self._read_keys(create=True)
        if len(keys) > 1:
            return False
        self._replace([Fernet.generate_key(), *keys])
        return True

    def remove_old_keys(self) -> None:
        """Remove all keys except the first one, and files that a killed process left behind."""
        self._replace(self._read_keys(create=False)[:1])
        for leftover in self._file.parent.glob(f"{PARTIAL_PREFIX}*"):
            leftover.unlink(missing_ok=True)

    def _read_keys(self, *, create: bool) -> list[bytes]:
        """Return the keys as Fernet keys. A file of the former format is one key of 32 bytes."""
        if create and not self._file.exists():
            self._create()
        try:
            content = self._file.read_bytes()
        except OSError as error:
            raise Misconfigured(
                f"key of the stored secrets cannot be read: {error}", "restore that file, or set the secrets again"
            ) from error
        keys = [urlsafe_b64encode(content)] if len(content) == LEGACY_KEY_BYTES else content.split()
        try:
            _ciphers(keys)[0]
        except (ValueError, IndexError) as error:
            raise Misconfigured(f"{self._file} contains no valid keys: {error}", "restore the right file") from error
        return keys

    def _create(self) -> None:
        """Create the key file atomically. If two processes create it at once, both use the first file."""
        from cryptography.fernet import Fernet

        self._file.parent.mkdir(parents=True, exist_ok=True)
        partial = self._write_partial([Fernet.generate_key()])
        with suppress(FileExistsError):
            os.link(partial, self._file)
        partial.unlink()

    def _replace(self, keys: Sequence[bytes]) -> None:
        """Replace the key file atomically. Its owner stays, also if root rotates the keys."""
        try:
            partial, owner = self._write_partial(keys), self._file.stat()
            if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
                os.chown(partial, owner.st_uid, owner.st_gid)
            partial.replace(self._file)
            folder = os.open(self._file.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            hint = "run the command as the user that runs Vong"
            raise Misconfigured(f"{self._file} cannot be replaced: {error}", hint) from error

    def _write_partial(self, keys: Sequence[bytes]) -> Path:
        """Write the keys to a file beside the key file, with mode 600."""
        descriptor, partial = mkstemp(prefix=PARTIAL_PREFIX, dir=self._file.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"".join(key + b"\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        return Path(partial)


def lock_secrets(connection: Connection, *, exclusive: bool = False) -> None:
    """Lock the stored secrets until the end of the transaction, before the first secret is encrypted.

    A rotation takes the exclusive lock after it has added a key. It therefore sees every secret of the old keys, and
    later transactions use the new key.
    """
    mode = "" if exclusive else "_shared"
    connection.execute(text(f"SELECT pg_advisory_xact_lock{mode}(hashtext('vong_secrets'))"))


def lock_rotation(connection: Connection) -> None:
    """Wait until no other process rotates the keys, and lock the rotation until the end of the transaction."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('vong_key_rotation'))"))


def _ciphers(keys: Sequence[bytes]) -> "list[Fernet]":
    from cryptography.fernet import Fernet

    return [Fernet(key) for key in keys]


def _decrypt_legacy(encrypted: bytes, name: str, keys: Sequence[bytes]) -> str | None:
    """Decrypt a secret of the former format: AES-256-GCM, a nonce of 12 bytes first, the name as associated data.

    Returns None if no key fits.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce, ciphertext = encrypted[:LEGACY_NONCE_BYTES], encrypted[LEGACY_NONCE_BYTES:]
    for key in keys:
        with suppress(InvalidTag, ValueError):
            return AESGCM(urlsafe_b64decode(key)).decrypt(nonce, ciphertext, name.encode()).decode()
    return None
