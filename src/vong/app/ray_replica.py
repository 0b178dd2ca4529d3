"""Ray Serve application of an engine. Ray Serve imports it on the nodes of the cluster; see `vong.serving.ray_cluster`.

Each Serve replica registers as a machine and supervises the engine process that is placed there, as `vong worker
--engines` does. Calls do not pass through Ray: the gateway calls the engine processes directly.
"""

import logging
from threading import Event, Thread
from typing import Any

from vong import config, serving
from vong.app.platform import Platform
from vong.app.serving import supervise
from vong.errors import Misconfigured
from vong.serving import reconciler
from vong.serving.ray_cluster import DEPLOYMENT_NAME, DRAIN_SECONDS

JOIN_SECONDS = 20.0


class EngineReplica:
    """Serve replica: supervisor of the engines on a machine of its own.

    Raises: Misconfigured if the node has no database of the server in its environment.
    """

    def __init__(self, application: str) -> None:
        from ray import serve, util  # pyright: ignore[reportMissingImports]: an extra

        address = str(util.get_node_ip_address())
        identifier = str(serve.get_replica_context().replica_id.unique_id)
        self.machine = f"ray-{address}-{identifier}"
        settings = config.load_settings(machine_name=self.machine, engine_address=address)
        if not settings.database_url:
            raise Misconfigured(
                f"the Ray node {address} has no database of the server",
                "set VONG_DATABASE_URL and VONG_BLOB_URL on each node before: ray start",
            )
        logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self.platform = Platform(settings)
        self.stop = Event()
        self.thread = Thread(
            target=supervise, args=(self.platform, self.stop, application), name="engines", daemon=True
        )
        self.thread.start()

    def check_health(self) -> None:
        """Fail the health check of Serve if the supervisor has ended, so that Serve replaces this replica."""
        if not self.thread.is_alive():
            raise RuntimeError("the supervisor of the engines has ended")

    def __del__(self) -> None:
        """End the engines after their last calls. Serve calls this before it ends the replica."""
        if not hasattr(self, "thread") or self.stop.is_set():
            return
        reconciler.drain(self.platform.database, self.machine, timeout=DRAIN_SECONDS)
        self.stop.set()
        self.thread.join(JOIN_SECONDS)
        serving.stop_all(self.platform.database, machine=self.machine)
        self.platform.close()


def build_application(arguments: dict[str, str]) -> Any:
    """Return the application for Ray Serve. `arguments` contain its name."""
    from ray import serve  # pyright: ignore[reportMissingImports]: an extra

    return serve.deployment(name=DEPLOYMENT_NAME)(EngineReplica).bind(arguments["application"])
