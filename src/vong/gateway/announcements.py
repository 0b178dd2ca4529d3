"""Hear of changed routes: a thread that listens to PostgreSQL, so that every server sees a change at once."""

import logging
import threading
from collections.abc import Callable
from uuid import UUID

import psycopg
from psycopg import sql

from vong.gateway.tables import CHANNEL

log = logging.getLogger(__name__)
LISTEN = sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL))
LOOK = 0.25
"""Seconds between looks at whether to stop."""
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
        self._thread = threading.Thread(target=self._run, name="vong-gateway-announcements", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._stopped.set()
        self._thread.join(2 * PAUSE)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                log.warning("no announcements of changed routes for now: %s", str(error).strip())
                self._stopped.wait(PAUSE)

    def _listen(self) -> None:
        with psycopg.connect(
            self._url, autocommit=True, connect_timeout=5, application_name="vong gateway"
        ) as connection:
            connection.execute(LISTEN)
            self._heard(None)
            while not self._stopped.is_set():
                for notice in connection.notifies(timeout=LOOK):
                    self._heard(UUID(notice.payload))
