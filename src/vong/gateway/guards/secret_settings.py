"""Secrets in guard settings: encrypted before they are stored, decrypted when a guard is created.

A setting is secret if the guard's `Settings` declare it as `SecretStr`, alone or in a list or mapping. A secret is
encrypted for its guard and the origin of its `url`, so a guard can be pointed to another address only by someone who
knows the secret.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr, ValidationError

from vong import plugins
from vong.errors import InvalidInput, Misconfigured
from vong.records import Record
from vong.records.guard import GuardConfig
from vong.store.encryption import SecretBox

SEALED = "sealed:"
"""Prefix of a stored, encrypted secret."""
Open = Callable[[str, str], str]
"""Decrypt a secret, given the label for which it was encrypted."""


def settings_of(use: GuardConfig) -> tuple[type[Any], Record]:
    """Return the class of a guard and its parsed settings.

    Raises:
        NotFound: if the guard is not installed.
        InvalidInput: if its settings are invalid.
    """
    kind = plugins.load("guard", use.guard)
    try:
        return kind, kind.Settings.model_validate_json(json.dumps(use.settings))
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(str(part) for part in wrong["loc"]) or "settings"
        hint = f"see its settings with: vong gateway guard kinds {use.guard}"
        raise InvalidInput(f"guard {use.guard!r}: {where}: {wrong['msg']}", hint) from None


def sealed(uses: Sequence[GuardConfig], secrets: SecretBox) -> tuple[GuardConfig, ...]:
    """Encrypt the secrets of guards for storage. No secret may be encrypted yet (see `resolve_secrets`)."""

    def encrypt(secret: str, label: str) -> str:
        return SEALED + secrets.seal(secret, label, alike=True).hex()

    return tuple(_changed(use, encrypt) for use in uses)


def opened(use: GuardConfig, open: Open) -> GuardConfig:
    """Decrypt the secrets of a guard.

    Raises:
        Misconfigured: if a secret cannot be decrypted.
    """

    def decrypt(secret: str, label: str) -> str:
        return open(secret, label) if secret.startswith(SEALED) else secret

    return _changed(use, decrypt)


def given(uses: Sequence[GuardConfig], secrets: SecretBox) -> tuple[GuardConfig, ...]:
    """Decrypt the secrets of submitted guards, which may be plain or encrypted.

    Raises:
        InvalidInput: if a secret was encrypted for another guard or address.
    """
    try:
        return tuple(opened(use, opener(secrets)) for use in uses)
    except Misconfigured as error:
        message = "a secret was encrypted for another guard or address, or with another key"
        raise InvalidInput(message, "enter the secret itself") from error


def opener(secrets: SecretBox) -> Open:
    """Return a function that decrypts secrets with the given keys."""

    def open(secret: str, label: str) -> str:
        try:
            return secrets.open(bytes.fromhex(secret.removeprefix(SEALED)), label)
        except ValueError as error:
            raise Misconfigured(f"stored secret of {label!r} is corrupted", "set it again") from error

    return open


def _changed(use: GuardConfig, change: Callable[[str, str], str]) -> GuardConfig:
    """Return the guard with its secrets transformed. `change` receives the secret and its encryption label."""
    names = [name for name in _secret(plugins.load("guard", use.guard).Settings) if name in use.settings]
    if not names:
        return use
    label = _label(use)
    found = {name: _each(use.settings[name], lambda secret: change(secret, label)) for name in names}
    return use.model_copy(update={"settings": {**use.settings, **found}})


def _secret(settings: type[BaseModel]) -> Iterator[str]:
    """Yield the names of the secret settings."""
    for name, field in settings.model_fields.items():
        if _holds(field.annotation):
            yield field.alias or name


def _holds(annotation: Any) -> bool:
    return annotation is SecretStr or any(_holds(part) for part in get_args(annotation))


def _each(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _each(item, change) for key, item in value.items()}
    return [_each(item, change) for item in value] if isinstance(value, list) else value


def _label(use: GuardConfig) -> str:
    """Return the label for which the secrets of a guard are encrypted."""
    try:
        parts = urlsplit(str(use.settings.get("url", "")))
    except ValueError as error:
        raise InvalidInput(f"guard {use.guard!r}: url: {error}", "write it as https://HOST/PATH") from error
    return f"guard/{parts.scheme}://{parts.netloc.lower()}/{use.guard}"
