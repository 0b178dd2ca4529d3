"""Deployments follow their aliases: a moved alias starts a rolling update, after the parity check of its version."""

import logging
import threading
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from vong import registry
from vong.app import gated_changes
from vong.app import serving as serving_app
from vong.app.gates import GateCaller
from vong.app.periodic import repeat
from vong.app.platform import Platform
from vong.errors import PreconditionFailed, VongError
from vong.records import now
from vong.serving import following, tables
from vong.serving.settings import DeploymentRequest, read_settings

log = logging.getLogger(__name__)

CALLER = GateCaller("followed alias", "viewer")
"""Caller at the gates of routes: a followed alias overrides none."""
INTERVAL_SECONDS = 2.0
"""Time between two comparisons of aliases with deployments."""

ALIAS_CALLER = GateCaller("alias", "viewer")
"""Caller of updates by an alias. It can override no gate of a route."""


def follow_aliases(platform: Platform, stop: threading.Event) -> None:
    """Update the deployments of moved aliases until `stop` is set. Runs in a thread of the worker."""
    repeat("following of aliases", lambda: follow_once(platform), stop, seconds=INTERVAL_SECONDS)


def follow_once(platform: Platform) -> None:
    """Update each deployment whose alias points to another version. Several servers may do this at the same time."""
    with platform.database.owner() as connection:
        followers = [(row["project_id"], row["name"]) for row in tables.list_followers(connection)]
    for project_id, name in followers:
        try:
            _follow(platform, project_id, name)
        except VongError as error:
            log.warning("deployment %s cannot follow its alias: %s", name, error)


def _follow(platform: Platform, project_id: UUID, name: str) -> None:
    with platform.scope(project_id) as connection:
        row = tables.lock_deployment(connection, name)
        request = following.followed_request(row) if row else None
        if row is None or request is None or following.revert_failed(connection, row):
            return
        model = registry.find(connection, request.model).ref
        if not following.needs_update(row, model):
            return
        if (failure := _update(platform, connection, row, request)) is None:
            tables.add_event(connection, name, "alias", f"{request.alias} points to {model}")
            return
        retry_at = now() + following.RETRY_AFTER if isinstance(failure, PreconditionFailed) else None
        following.record_failure(connection, row, model, str(failure), retry_at=retry_at)


def _update(
    platform: Platform, connection: Connection, row: RowMapping, request: DeploymentRequest
) -> VongError | None:
    """Deploy the version that an alias points to, if the gates of the routes that it answers pass.

    Returns the error if it cannot be deployed.
    """
    try:
        with connection.begin_nested():
            gated_changes.check_deployment(connection, platform.blobs, CALLER, row["name"], request.model)
            gated_changes.check_deployment(connection, platform.blobs, ALIAS_CALLER, row["name"], request.model)
            serving_app.deploy(
                platform,
                connection,
                row["name"],
                request.model,
                engine=request.engine,
                settings=read_settings(request.settings),
                by_alias=True,
            )
    except VongError as error:
        return error
    return None
