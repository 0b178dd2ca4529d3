"""Secrets in guard settings: encrypted before they are stored, decrypted when a guard is created.

A setting is secret if the guard's `Settings` declare it as `SecretStr`, alone or in a list or mapping. A secret is
encrypted for its guard and the origin of its `url`, so a guard can be pointed to another address only by someone who
knows the secret.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr, ValidationError

from vong import plugins
from vong.errors import InvalidInput, Misconfigured, VongError
from vong.records import Record
from vong.records.guard import GuardConfig
from vong.store.encryption import FERNET_PREFIX, SecretBox

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
        hint = f"see its settings with: vong gateway guards types {config.guard}"
        raise InvalidInput(f"guard {config.guard!r}: {where}: {wrong['msg']}", hint) from None


def encrypt_settings(
    configs: Sequence[GuardConfig], secrets: SecretBox, stored: Sequence[GuardConfig] = ()
) -> tuple[GuardConfig, ...]:
    """Encrypt the secrets of guards for storage. No secret may be encrypted yet (see `resolve_secrets`).

    Secrets that are equal to those of `stored` guards are stored unchanged, so that equal settings stay equal.
    """
    reusable = _current_secrets(stored, secrets)

    def encrypt(secret: str, label: str) -> str:
        return reusable.get((secret, label)) or _encrypt(secret, label, secrets)

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
            return secrets.decrypt(_to_token(secret), label)
        except ValueError as error:
            raise Misconfigured(f"stored secret of {label!r} is corrupted", "set it again") from error

    return open


def reencrypt_settings(config: GuardConfig, secrets: SecretBox) -> dict[str, Any]:
    """Return the settings of a stored guard with its secrets encrypted again. The guard need not be installed.

    Raises:
        Misconfigured: if a secret cannot be decrypted.
    """
    decrypt, label = create_decryptor(secrets), _encryption_label(config)

    def reencrypt(value: str) -> str:
        return _encrypt(decrypt(value, label), label, secrets) if value.startswith(ENCRYPTED_PREFIX) else value

    return {name: _map_strings(value, reencrypt) for name, value in config.settings.items()}


def _encrypt(secret: str, label: str, secrets: SecretBox) -> str:
    return ENCRYPTED_PREFIX + secrets.encrypt(secret, label).decode()


def _to_token(secret: str) -> bytes:
    """Return the encrypted bytes of a stored secret. The former format is written in hexadecimal digits."""
    token = secret.removeprefix(ENCRYPTED_PREFIX)
    return token.encode() if token.startswith(FERNET_PREFIX) else bytes.fromhex(token)


def _current_secrets(configs: Sequence[GuardConfig], secrets: SecretBox) -> dict[tuple[str, str], str]:
    """Return the encrypted secrets of guards by secret and label, without those that need another encryption."""
    found: dict[tuple[str, str], str] = {}
    decrypt = create_decryptor(secrets)

    def collect(value: str, label: str) -> str:
        if value.startswith(ENCRYPTED_PREFIX):
            with suppress(ValueError, Misconfigured):
                if secrets.is_current(_to_token(value)):
                    found.setdefault((decrypt(value, label), label), value)
        return value

    for config in configs:
        with suppress(VongError):  # a stored guard may not be installed any longer
            _transform_secrets(config, collect)
    return found


def _transform_secrets(config: GuardConfig, transform: Callable[[str, str], str]) -> GuardConfig:
    """Return the guard with its secrets transformed. `transform` receives the secret and its encryption label."""
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
