"""Passwords: kept as argon2id hashes, checked in the same time whether or not the account exists."""

import secrets
import threading
from functools import cache
from typing import TYPE_CHECKING

from vong.errors import InvalidInput

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 10
LONGEST = 1_000
"""Characters."""
_AT_ONCE = threading.BoundedSemaphore(2)
"""Each check takes 64 MB and a core for a moment: many at once must not take the machine."""


def new_password() -> str:
    """A random password, 96 bits."""
    return secrets.token_urlsafe(12)


def hash_password(password: str) -> str:
    """What is kept of a password. InvalidInput where it is too short."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput(
            f"a password has {SHORTEST} to {LONGEST} characters", "choose a longer one: a sentence is good"
        )
    with _AT_ONCE:
        return _hasher().hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Whether it is that password. Where nothing is kept (no such account) a hash of nobody's is compared, so that the
    time taken tells nothing.
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
    from argon2 import PasswordHasher  # half a second of CPU and 64 MB when used: never at import

    return PasswordHasher()


@cache
def _decoy() -> str:
    return _hasher().hash(secrets.token_urlsafe(32))
