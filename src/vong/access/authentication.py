"""Authentication of callers by API key or session token."""

from sqlalchemy import Connection

from vong.access import delegated_keys, keys, sessions
from vong.access.principal import Principal


def authenticate(connection: Connection, secret: str) -> Principal:
    """Return the principal of an API key or a session token.

    The connection is the owner's, because the project is not known yet.

    Raises:
        Unauthenticated: the secret is unknown, expired or revoked.
    """
    if secret.startswith(sessions.SESSION_PREFIX):
        return sessions.authenticate_session(connection, secret)
    principal = keys.authenticate_key(connection, secret)
    if principal.is_delegated and principal.key_id is not None:
        return delegated_keys.resolve_delegator(connection, principal.key_id)
    return principal
