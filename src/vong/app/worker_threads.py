"""Background threads of a worker: engines, aliases, monitors, triggers, schedules and cleanups.

Only a whole worker imports this module. The process of one isolated job does without its libraries.
"""

import signal
from collections.abc import Callable
from threading import Event, Thread

from vong import serving
from vong.app.knowledge_index_versions import maintain_indexes
from vong.app.knowledge_ingestion import maintain_documents
from vong.app.knowledge_sources import run_schedule
from vong.app.loop_policies import watch_triggers
from vong.app.monitor_worker import run_monitors
from vong.app.pipelines.schedules import delete_expired_conversations, run_pipeline_schedules
from vong.app.platform import Platform
from vong.app.serving import supervise
from vong.app.serving_aliases import follow_aliases
from vong.config import Settings
from vong.serving import engine_launcher

TARGETS: dict[str, Callable[[Platform, Event], None]] = {
    "engines": supervise,
    "aliases": follow_aliases,
    "monitors": run_monitors,
    "loop policies": watch_triggers,
    "knowledge sources": run_schedule,
    "indexes": maintain_indexes,
    "documents": maintain_documents,
    "pipeline schedules": run_pipeline_schedules,
    "conversations": delete_expired_conversations,
}


def start_threads(platform: Platform) -> None:
    """Start the background threads.

    Engines outlive the worker: it exits while their thread runs, and the next worker adopts the engines.
    """
    for name, target in TARGETS.items():
        Thread(target=target, args=(platform, Event()), name=name, daemon=True).start()


def run_engines(settings: Settings) -> None:
    """Run the engines of this machine until SIGTERM or SIGINT, then end them. Their replicas are placed elsewhere."""
    platform, stop = Platform(settings), Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    thread = Thread(target=supervise, args=(platform, stop), name="engines")
    thread.start()
    while thread.is_alive():  # a join without timeout would not handle signals
        thread.join(1.0)
    serving.stop_all(platform.database, machine=settings.machine_name or engine_launcher.DEFAULT_MACHINE)
    platform.close()
