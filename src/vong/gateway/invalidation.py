"""Hear of changed routes, deployments and callers: a thread that listens to PostgreSQL, so that every server sees a
change at once, and may trust what it has looked up as long as it hears.
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

from vong.gateway.tables import CALLERS, CHANNEL

log = logging.getLogger(__name__)
LISTEN = sql.SQL("LISTEN {}; LISTEN {}").format(sql.Identifier(CHANNEL), sql.Identifier(CALLERS))
ALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
"""A database that is cut off is noticed within some ten seconds."""
PAUSE = 1.0
"""Seconds before a lost connection is tried again."""


class ChangeListener:
    """Calls `heard(project_id)` after each committed change, `callers` after one of those who call, `heard(None)` when
    it began to listen, because it cannot know what it missed before, and `lost` when it hears no more. The calls come
    from its own thread.
    """

    def __init__(
        self,
        url: str,
        heard: Callable[[UUID | None], None],
        callers: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        given = conninfo_to_dict(url)
        self._url = make_conninfo(url, **{name: value for name, value in ALIVE.items() if name not in given})
        self._heard = heard
        self._callers = callers
        self._lost = lost
        self._stopped = threading.Event()
        self._bell, self._doorstep = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="vong-gateway-announcements", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._stopped.set()
        self._bell.send(b"!")
        self._thread.join(5 * PAUSE)
        self._bell.close()
        self._doorstep.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                self._lost()
                log.warning("no announcements of changed routes for now: %s", str(error).strip())
                self._stopped.wait(PAUSE)

    def _listen(self) -> None:
        with (
            psycopg.connect(
                self._url, autocommit=True, connect_timeout=5, application_name="vong gateway"
            ) as connection,
            selectors.DefaultSelector() as waiting,
        ):
            waiting.register(connection, selectors.EVENT_READ)
            waiting.register(self._doorstep, selectors.EVENT_READ)
            connection.execute(LISTEN)
            self._heard(None)
            while not self._stopped.is_set():
                waiting.select()
                for notice in connection.notifies(timeout=0):
                    if notice.channel == CALLERS:
                        self._callers()
                    else:
                        self._heard(_project(notice.payload))


def _project(payload: str) -> UUID | None:
    """What a notice names; None, that is every project, where somebody sent another one by hand."""
    try:
        return UUID(payload)
    except ValueError:
        return None
