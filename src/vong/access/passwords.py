"""Password hashing with argon2id. The check takes the same time whether or not the account exists."""

import secrets
import threading
from functools import cache
from typing import TYPE_CHECKING

from vong.errors import InvalidInput

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MIN_PASSWORD_CHARS = 10
MAX_PASSWORD_CHARS = 1_000
_hash_slots = threading.BoundedSemaphore(2)
"""Limit of concurrent hash computations, because each takes 64 MB and one core."""


def generate_password() -> str:
    """Generate a random password of 96 bits."""
    return secrets.token_urlsafe(12)


def hash_password(password: str) -> str:
    """Hash a password for storage. Raises InvalidInput if its length is out of bounds."""
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise InvalidInput(
            f"password has {len(password)} characters, allowed are {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS}",
            "choose another password, for example a sentence",
        )
    with _hash_slots:
        return _hasher().hash(password)


def verify_password(password: str, password_hash: str | None) -> bool:
    """Check a password against its stored hash.

    If there is no hash (no such account), the password is compared with a decoy hash, so that the duration does not
    reveal whether the account exists.
    """
    from argon2.exceptions import InvalidHashError, VerificationError

    decoy = _decoy_hash()
    with _hash_slots:
        try:
            return (
                _hasher().verify(password_hash or decoy, password[: MAX_PASSWORD_CHARS + 1])
                and password_hash is not None
            )
        except (VerificationError, InvalidHashError):
            return False


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher  # imported here: takes 0.5 s of CPU and 64 MB

    return PasswordHasher()


@cache
def _decoy_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe(32))
