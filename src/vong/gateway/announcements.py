"""Hear of changed routes: a thread that listens to PostgreSQL, so that every server sees a change at once."""

import logging
import selectors
import socket
import threading
from collections.abc import Callable
from uuid import UUID

import psycopg
from psycopg import sql

from vong.gateway.tables import CHANNEL

log = logging.getLogger(__name__)
LISTEN = sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL))
PAUSE = 1.0
"""Seconds before a lost connection is tried again."""


class Announcements:
    """Calls `heard(project_id)` after each committed change, and `heard(None)` when it began to listen, because it
    cannot know what it missed before. The calls come from its own thread.
    """

    def __init__(self, url: str, heard: Callable[[UUID | None], None]) -> None:
        self._url = url
        self._heard = heard
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
                    self._heard(UUID(notice.payload))
