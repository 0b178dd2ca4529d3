"""Work that a thread of the worker repeats until the worker stops."""

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)


def repeat(name: str, action: Callable[[], object], stop: threading.Event, *, seconds: float) -> None:
    """Call `action` every `seconds` until `stop` is set. A failure is logged, and the next call comes as usual."""
    while not stop.wait(seconds):
        try:
            action()
        except SQLAlchemyError as error:
            log.warning("%s: the database failed: %s", name, str(error).splitlines()[0])
        except Exception:
            log.exception("%s failed", name)
