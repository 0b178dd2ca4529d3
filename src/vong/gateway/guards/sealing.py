"""Secrets in the settings of guards: sealed before they are stored, opened when a guard is made.

A setting is secret where a guard's `Settings` declare it as `SecretStr`, alone or as the values of a mapping. It is
sealed for that guard and the origin of its `url`: whoever points a guard to another address must know the secret.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from vong import plugins
from vong.errors import InvalidInput, Misconfigured
from vong.gateway.secrets import Secrets
from vong.records import Record
from vong.records.guard import GuardUse

SEALED = "sealed:"
"""What a secret begins with as it is stored."""
T = TypeVar("T")
Open = Callable[[str, str], str]
"""Opens a sealed secret under the name that it was sealed for."""


def settings_of(use: GuardUse) -> tuple[type[Any], Record]:
    """A guard's kind and its settings. NotFound and InvalidInput say what is wrong with what was set."""
    kind = plugins.load("guard", use.guard)
    try:
        return kind, kind.Settings.model_validate_json(json.dumps(use.settings))
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(str(part) for part in wrong["loc"]) or "settings"
        hint = f"see its settings with: vong gateway guard kinds {use.guard}"
        raise InvalidInput(f"the guard {use.guard!r}: {where}: {wrong['msg']}", hint) from None


def sealed(uses: Sequence[GuardUse], secrets: Secrets) -> tuple[GuardUse, ...]:
    """The guards as they are stored. A secret that is sealed already stays as it is; InvalidInput where that was for
    another guard or address.
    """
    return tuple(_sealed(use, secrets) for use in uses)


def opened(use: GuardUse, settings: Record, open: Open) -> Record:
    """The settings that a guard is made with. Misconfigured where a secret cannot be opened."""
    label = _label(use)

    def plain(secret: str) -> SecretStr:
        return SecretStr(open(secret, label) if secret.startswith(SEALED) else secret)

    return settings.model_copy(update=_secret(settings, plain))


def opener(secrets: Secrets) -> Open:
    """What opens them."""

    def open(secret: str, label: str) -> str:
        try:
            stored = bytes.fromhex(secret.removeprefix(SEALED))
        except ValueError as error:
            raise Misconfigured(f"a stored secret of {label!r} is damaged", "write it anew") from error
        return secrets.open(stored, label)

    return open


def _sealed(use: GuardUse, secrets: Secrets) -> GuardUse:
    label = _label(use)

    def seal(secret: str) -> str:
        if not secret.startswith(SEALED):
            return SEALED + secrets.seal(secret, label, alike=True).hex()
        try:
            opener(secrets)(secret, label)
        except Misconfigured as error:
            message = f"a secret of the guard {use.guard!r} was sealed for another guard or address"
            raise InvalidInput(message, "write the secret itself") from error
        return secret

    found = _secret(settings_of(use)[1], seal)
    return use.model_copy(update={"settings": {**use.settings, **found}}) if found else use


def _secret(settings: Record, change: Callable[[str], T]) -> dict[str, T | dict[str, T]]:
    """The settings that are secret, changed."""
    found: dict[str, T | dict[str, T]] = {}
    for name, value in settings:
        if isinstance(value, SecretStr):
            found[name] = change(value.get_secret_value())
        elif isinstance(value, Mapping):
            each = {key: item for key, item in value.items() if isinstance(item, SecretStr)}
            if each:
                found[name] = {key: change(item.get_secret_value()) for key, item in each.items()}
    return found


def _label(use: GuardUse) -> str:
    """What a secret is sealed for."""
    parts = urlsplit(str(use.settings.get("url", "")))
    return f"guard/{parts.scheme}://{parts.netloc.lower()}/{use.guard}"
