"""Routes `/health` for load balancers and `/metrics` for Prometheus. Both need no key and reveal no project data."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from vong import __version__
from vong.api import metrics
from vong.api.serving_metrics import load_measures, serving_metrics
from vong.app import Platform
from vong.records import Record

DATABASE_TIMEOUT_SECONDS = 2.0
"""Seconds to wait for the database. Load balancers need a fast answer."""
routes = APIRouter(tags=["health"])


class Health(Record):
    """Health of the server, or of all servers that share its port.

    `waiting_spans` are accepted and not yet committed, `disk_spans` of them are buffered on disk, `dropped_spans` were
    rejected. `servers` is the number of server processes.
    """

    status: Literal["ok", "degraded"]
    version: str
    database: bool
    waiting_spans: int
    disk_spans: int
    dropped_spans: int
    servers: int


@routes.get("/health", responses={503: {"model": Health}})
def get_health(request: Request, response: Response) -> Health:
    """Return 200 if the server is operational, 503 if its database does not answer."""
    platform: Platform = request.app.state.platform
    reachable, servers = platform.database.is_reachable(DATABASE_TIMEOUT_SECONDS), metrics.take_all_snapshots(platform)
    response.status_code = 200 if reachable else 503
    return Health(
        status="ok" if reachable else "degraded",
        version=__version__,
        database=reachable,
        waiting_spans=sum(server.waiting for server in servers),
        disk_spans=sum(server.on_disk for server in servers),
        dropped_spans=sum(server.dropped for server in servers),
        servers=sum(server.alive for server in servers),
    )


@routes.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def get_metrics(request: Request) -> Response:
    """Return counters and histograms in the text format of Prometheus."""
    platform: Platform = request.app.state.platform
    reachable = platform.database.is_reachable(DATABASE_TIMEOUT_SECONDS)
    engines = serving_metrics(load_measures(platform) if reachable else [])
    return Response(
        metrics.render_metrics(metrics.take_all_snapshots(platform), engines), media_type=CONTENT_TYPE_LATEST
    )
