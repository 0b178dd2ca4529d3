"""Change notifications: a thread that listens to PostgreSQL, so that every server sees a change at once.

While notifications arrive, cached lookups may be trusted for longer.
"""

import logging
import selectors
import socket
import threading
from collections.abc import Callable
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from vong.gateway.tables import CHANGES_CHANNEL, PRINCIPALS_CHANNEL

log = logging.getLogger(__name__)
LISTEN_STATEMENT = sql.SQL("LISTEN {}; LISTEN {}").format(
    sql.Identifier(CHANGES_CHANNEL), sql.Identifier(PRINCIPALS_CHANNEL)
)
KEEPALIVE_OPTIONS = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
"""TCP keepalive options: a lost database connection is detected within about ten seconds."""
RETRY_DELAY_SECONDS = 1.0
"""Delay before a lost connection is opened again."""


class ChangeListener:
    """Listener of the gateway's notification channels, in a thread of its own, which makes all calls.

    Calls `on_change(project_id)` after each committed change, `on_key_change` after a change of keys, sessions, users
    or memberships, `on_change(None)` after connecting, because earlier changes may have been missed, and
    `on_disconnect` when the connection breaks.
    """

    def __init__(
        self,
        url: str,
        *,
        on_change: Callable[[UUID | None], None],
        on_key_change: Callable[[], None],
        on_disconnect: Callable[[], None],
    ) -> None:
        url_options = conninfo_to_dict(url)
        self._url = make_conninfo(
            url, **{name: value for name, value in KEEPALIVE_OPTIONS.items() if name not in url_options}
        )
        self._on_change = on_change
        self._on_key_change = on_key_change
        self._on_disconnect = on_disconnect
        self._stopped = threading.Event()
        self._wakeup_writer, self._wakeup_reader = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="vong-gateway-announcements", daemon=True)

    def start(self) -> None:
        """Start to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._stopped.set()
        self._wakeup_writer.send(b"!")
        self._thread.join(5 * RETRY_DELAY_SECONDS)
        self._wakeup_writer.close()
        self._wakeup_reader.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                self._on_disconnect()
                log.warning("change notifications interrupted: %s", str(error).strip())
                self._stopped.wait(RETRY_DELAY_SECONDS)

    def _listen(self) -> None:
        with (
            psycopg.connect(
                self._url, autocommit=True, connect_timeout=5, application_name="vong gateway"
            ) as connection,
            selectors.DefaultSelector() as selector,
        ):
            selector.register(connection, selectors.EVENT_READ)
            selector.register(self._wakeup_reader, selectors.EVENT_READ)
            connection.execute(LISTEN_STATEMENT)
            self._on_change(None)
            while not self._stopped.is_set():
                selector.select()
                for notification in connection.notifies(timeout=0):
                    if notification.channel == PRINCIPALS_CHANNEL:
                        self._on_key_change()
                    else:
                        self._on_change(_parse_project_id(notification.payload))


def _parse_project_id(payload: str) -> UUID | None:
    """Return the project of a notification, or None, which means every project, if the payload is not an id."""
    try:
        return UUID(payload)
    except ValueError:
        return None
