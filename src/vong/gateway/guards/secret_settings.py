"""Secrets in the settings of guards: sealed before they are stored, opened when a guard is made.

A setting is secret where a guard's `Settings` declare it as `SecretStr`, alone or within a list or mapping. It is
sealed for that guard and the origin of its `url`: whoever points a guard to another address must know the secret.
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
"""What a secret begins with as it is stored."""
Open = Callable[[str, str], str]
"""Opens a sealed secret under the name that it was sealed for."""


def settings_of(use: GuardConfig) -> tuple[type[Any], Record]:
    """A guard's kind and its settings. NotFound and InvalidInput say what is wrong with what was set."""
    kind = plugins.load("guard", use.guard)
    try:
        return kind, kind.Settings.model_validate_json(json.dumps(use.settings))
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(str(part) for part in wrong["loc"]) or "settings"
        hint = f"see its settings with: vong gateway guard kinds {use.guard}"
        raise InvalidInput(f"the guard {use.guard!r}: {where}: {wrong['msg']}", hint) from None


def sealed(uses: Sequence[GuardConfig], secrets: SecretBox) -> tuple[GuardConfig, ...]:
    """Guards as they are stored, of which no secret is sealed yet (`given`)."""

    def seal(secret: str, label: str) -> str:
        return SEALED + secrets.seal(secret, label, alike=True).hex()

    return tuple(_changed(use, seal) for use in uses)


def opened(use: GuardConfig, open: Open) -> GuardConfig:
    """A guard with its secrets, as it is made. Misconfigured where one cannot be opened."""

    def plain(secret: str, label: str) -> str:
        return open(secret, label) if secret.startswith(SEALED) else secret

    return _changed(use, plain)


def given(uses: Sequence[GuardConfig], secrets: SecretBox) -> tuple[GuardConfig, ...]:
    """Guards as somebody sets them, with their secrets. InvalidInput where one that is sealed is not of this guard."""
    try:
        return tuple(opened(use, opener(secrets)) for use in uses)
    except Misconfigured as error:
        message = "a secret of a guard was sealed for another guard or address, or with another key"
        raise InvalidInput(message, "write the secret itself") from error


def opener(secrets: SecretBox) -> Open:
    """What opens them."""

    def open(secret: str, label: str) -> str:
        try:
            return secrets.open(bytes.fromhex(secret.removeprefix(SEALED)), label)
        except ValueError as error:
            raise Misconfigured(f"a stored secret of {label!r} is damaged", "write it anew") from error

    return open


def _changed(use: GuardConfig, change: Callable[[str, str], str]) -> GuardConfig:
    """The guard with other texts for its secrets, each made of the text and of what it is sealed for."""
    names = [name for name in _secret(plugins.load("guard", use.guard).Settings) if name in use.settings]
    if not names:
        return use
    label = _label(use)
    found = {name: _each(use.settings[name], lambda secret: change(secret, label)) for name in names}
    return use.model_copy(update={"settings": {**use.settings, **found}})


def _secret(settings: type[BaseModel]) -> Iterator[str]:
    """The names of the settings that are secret."""
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
    """What a secret is sealed for."""
    try:
        parts = urlsplit(str(use.settings.get("url", "")))
    except ValueError as error:
        raise InvalidInput(f"the guard {use.guard!r}: url: {error}", "write it as https://HOST/PATH") from error
    return f"guard/{parts.scheme}://{parts.netloc.lower()}/{use.guard}"
