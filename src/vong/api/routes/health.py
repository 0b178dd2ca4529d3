"""`/health` for balancers and `/metrics` for Prometheus. Neither needs a key, neither tells of any project."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from vong import __version__
from vong.api import metrics
from vong.app import Platform
from vong.records import Record

PATIENCE = 2.0
"""Seconds that the database is waited for: a balancer asks to hear, not to wait."""
routes = APIRouter(tags=["health"])


class Health(Record):
    """How the server stands, or all that share its port. `waiting_spans` are taken and not committed yet, `disk_spans`
    of them lie on disk, `dropped_spans` were refused. `servers` counts the processes.
    """

    status: Literal["ok", "degraded"]
    version: str
    database: bool
    waiting_spans: int
    disk_spans: int
    dropped_spans: int
    servers: int


@routes.get("/health", responses={503: {"model": Health}})
def health(request: Request, response: Response) -> Health:
    """200 while the server can work, 503 while its database does not answer."""
    platform: Platform = request.app.state.platform
    reachable, servers = platform.database.reachable(PATIENCE), metrics.all_counted(platform)
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
def prometheus(request: Request) -> Response:
    """Counters and histograms in Prometheus' text format."""
    platform: Platform = request.app.state.platform
    return Response(metrics.exposition(metrics.all_counted(platform)), media_type=CONTENT_TYPE_LATEST)
