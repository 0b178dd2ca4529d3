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

ENCRYPTED_PREFIX = "sealed:"
"""Prefix of a stored, encrypted secret."""
DecryptSecret = Callable[[str, str], str]
"""Decrypt a secret, given the label for which it was encrypted."""


def parse_settings(config: GuardConfig) -> tuple[type[Any], Record]:
    """Return the class of a guard and its parsed settings.

    Raises:
        NotFound: if the guard is not installed.
        InvalidInput: if its settings are invalid.
    """
    kind = plugins.load_extension("guard", config.guard)
    try:
        return kind, kind.Settings.model_validate_json(json.dumps(config.settings))
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(str(part) for part in wrong["loc"]) or "settings"
        hint = f"see its settings with: vong gateway guard kinds {config.guard}"
        raise InvalidInput(f"guard {config.guard!r}: {where}: {wrong['msg']}", hint) from None


def encrypt_settings(configs: Sequence[GuardConfig], secrets: SecretBox) -> tuple[GuardConfig, ...]:
    """Encrypt the secrets of guards for storage. No secret may be encrypted yet (see `resolve_secrets`)."""

    def encrypt(secret: str, label: str) -> str:
        return ENCRYPTED_PREFIX + secrets.encrypt(secret, label, deterministic=True).hex()

    return tuple(_transform_secrets(use, encrypt) for use in configs)


def decrypt_settings(config: GuardConfig, decrypt_secret: DecryptSecret) -> GuardConfig:
    """Decrypt the secrets of a guard.

    Raises:
        Misconfigured: if a secret cannot be decrypted.
    """

    def decrypt(secret: str, label: str) -> str:
        return decrypt_secret(secret, label) if secret.startswith(ENCRYPTED_PREFIX) else secret

    return _transform_secrets(config, decrypt)


def resolve_secrets(configs: Sequence[GuardConfig], secrets: SecretBox) -> tuple[GuardConfig, ...]:
    """Decrypt the secrets of submitted guards, which may be plain or encrypted.

    Raises:
        InvalidInput: if a secret was encrypted for another guard or address.
    """
    try:
        return tuple(decrypt_settings(use, create_decryptor(secrets)) for use in configs)
    except Misconfigured as error:
        message = "a secret was encrypted for another guard or address, or with another key"
        raise InvalidInput(message, "enter the secret itself") from error


def create_decryptor(secrets: SecretBox) -> DecryptSecret:
    """Return a function that decrypts secrets with the given keys."""

    def open(secret: str, label: str) -> str:
        try:
            return secrets.decrypt(bytes.fromhex(secret.removeprefix(ENCRYPTED_PREFIX)), label)
        except ValueError as error:
            raise Misconfigured(f"stored secret of {label!r} is corrupted", "set it again") from error

    return open


def _transform_secrets(config: GuardConfig, transform: Callable[[str, str], str]) -> GuardConfig:
    """Return the guard with its secrets transformed. `change` receives the secret and its encryption label."""
    names = [
        name
        for name in _secret_names(plugins.load_extension("guard", config.guard).Settings)
        if name in config.settings
    ]
    if not names:
        return config
    label = _encryption_label(config)
    found = {name: _map_strings(config.settings[name], lambda secret: transform(secret, label)) for name in names}
    return config.model_copy(update={"settings": {**config.settings, **found}})


def _secret_names(settings: type[BaseModel]) -> Iterator[str]:
    """Yield the names of the secret settings."""
    for name, field in settings.model_fields.items():
        if _contains_secret(field.annotation):
            yield field.alias or name


def _contains_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(_contains_secret(part) for part in get_args(annotation))


def _map_strings(value: Any, transform: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return transform(value)
    if isinstance(value, dict):
        return {key: _map_strings(item, transform) for key, item in value.items()}
    return [_map_strings(item, transform) for item in value] if isinstance(value, list) else value


def _encryption_label(config: GuardConfig) -> str:
    """Return the label for which the secrets of a guard are encrypted."""
    try:
        parts = urlsplit(str(config.settings.get("url", "")))
    except ValueError as error:
        raise InvalidInput(f"guard {config.guard!r}: url: {error}", "write it as https://HOST/PATH") from error
    return f"guard/{parts.scheme}://{parts.netloc.lower()}/{config.guard}"
