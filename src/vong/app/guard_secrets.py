"""Encryption of the secrets in guard settings before guards are stored."""

from collections.abc import Sequence

from sqlalchemy import Connection

from vong import gateway
from vong.app.platform import Platform
from vong.errors import NotFound
from vong.gateway.guards import secret_settings
from vong.gateway.guards.store import validate_guards
from vong.records import RoutePolicy
from vong.records.guard import GuardConfig
from vong.store.encryption import SecretBox, lock_secrets


def encrypt_guards(
    platform: Platform, connection: Connection, guards: Sequence[GuardConfig], stored: Sequence[GuardConfig]
) -> tuple[GuardConfig, ...]:
    """Return guards with encrypted secrets, to be stored instead of the `stored` ones in this transaction.

    Raises InvalidInput if a guard is not valid.
    """
    secrets = SecretBox(platform.settings.home_folder)
    lock_secrets(connection)
    merged = secret_settings.resolve_secrets(guards, secrets)
    validate_guards(merged)
    return secret_settings.encrypt_settings(merged, secrets, (*stored, *guards))


def encrypt_policy(platform: Platform, connection: Connection, route: str, policy: RoutePolicy) -> RoutePolicy:
    """Return the policy of a route with encrypted secrets of its guards; see `encrypt_guards`."""
    if not policy.guards:
        return policy
    try:
        old = gateway.get_route(connection, route).policy
    except NotFound:
        old = None
    guards = encrypt_guards(platform, connection, policy.guards, old.guards if old else ())
    return policy.model_copy(update={"guards": guards})
