"""Password hashing with argon2id. The check takes the same time whether or not the account exists."""

import secrets
import threading
from functools import cache
from typing import TYPE_CHECKING

from vong.errors import InvalidInput

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 10
LONGEST = 1_000
_AT_ONCE = threading.BoundedSemaphore(2)
"""Limit of concurrent hash computations, because each takes 64 MB and one core."""


def new_password() -> str:
    """Generate a random password of 96 bits."""
    return secrets.token_urlsafe(12)


def hash_password(password: str) -> str:
    """Hash a password for storage. Raises InvalidInput if its length is out of bounds."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput(
            f"password has {len(password)} characters, allowed are {SHORTEST} to {LONGEST}",
            "choose another password, for example a sentence",
        )
    with _AT_ONCE:
        return _hasher().hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Check a password against its stored hash.

    If there is no hash (no such account), the password is compared with a decoy hash, so that the duration does not
    reveal whether the account exists.
    """
    from argon2.exceptions import InvalidHashError, VerificationError

    decoy = _decoy()
    with _AT_ONCE:
        try:
            return _hasher().verify(kept or decoy, password[: LONGEST + 1]) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher  # imported here: takes 0.5 s of CPU and 64 MB

    return PasswordHasher()


@cache
def _decoy() -> str:
    return _hasher().hash(secrets.token_urlsafe(32))
