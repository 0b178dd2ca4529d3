"""Routes: storage, versions, notifications and selection of targets."""

import time
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from tests.gateway.conftest import Server
from vong import access, gateway
from vong.errors import InvalidInput, NotFound, Unavailable
from vong.gateway.invalidation import LISTEN_STATEMENT, ChangeListener
from vong.gateway.tables import CHANGES_CHANNEL, PRINCIPALS_CHANNEL
from vong.records import Route, RouteTarget, now
from vong.store.database import Database, libpq_url

ECHO = RouteTarget(model="echo/echo")


def route(*weights: float) -> Route:
    targets = tuple(RouteTarget(model=f"echo/{index}", weight=weight) for index, weight in enumerate(weights))
    return Route(name="r", version="v", targets=targets, created_at=now(), updated_at=now())


def test_a_route_is_read_as_stored(connection: Connection) -> None:
    made = gateway.set_route(connection, "triage", [ECHO, RouteTarget(model="deployment/new", weight=0)])
    assert gateway.get_route(connection, "triage") == made
    assert gateway.list_routes(connection) == [made]
    assert len(made.version) == 12


def test_equal_targets_change_nothing_and_other_targets_create_a_version(connection: Connection) -> None:
    first = gateway.set_route(connection, "triage", [ECHO])
    assert gateway.set_route(connection, "triage", [ECHO]) == first
    second = gateway.set_route(connection, "triage", [RouteTarget(model="echo/echo", weight=2)])
    assert second.version != first.version and second.created_at == first.created_at
    assert [old.version for old in gateway.route_history(connection, "triage")] == [second.version, first.version]


def test_a_deleted_route_is_removed_and_its_history_remains(connection: Connection) -> None:
    gateway.set_route(connection, "triage", [ECHO])
    gateway.delete_route(connection, "triage")
    with pytest.raises(NotFound, match="triage"):
        gateway.get_route(connection, "triage")
    assert [old.targets for old in gateway.route_history(connection, "triage")] == [(), (ECHO,)]


def test_an_unknown_route_suggests_the_nearest_name(connection: Connection) -> None:
    gateway.set_route(connection, "triage", [ECHO])
    with pytest.raises(NotFound, match="did you mean 'triage'"):
        gateway.get_route(connection, "triag")


def test_routes_are_paged_by_name(connection: Connection) -> None:
    for name in ("b", "a", "c"):
        gateway.set_route(connection, name, [ECHO])
    assert [found.name for found in gateway.list_routes(connection, limit=2)] == ["a", "b"]
    assert [found.name for found in gateway.list_routes(connection, after="b")] == ["c"]


def test_a_route_of_another_project_is_not_found(connection: Connection, database: Database) -> None:
    gateway.set_route(connection, "triage", [ECHO])
    connection.commit()
    with database.owner() as owner:
        other = access.create_project(owner, "beside the routes").id
    with database.scope(other) as foreign:
        assert gateway.list_routes(foreign) == []
        assert gateway.route_history.__doc__
        with pytest.raises(NotFound):
            gateway.delete_route(foreign, "triage")


@pytest.mark.parametrize(
    ("name", "targets", "message"),
    [
        ("Triage", [ECHO], "invalid route name"),
        ("a/b", [ECHO], "invalid route name"),
        ("r", [], "no target"),
        ("r", [ECHO, ECHO], "duplicate target"),
        ("r", [RouteTarget(model="echo/echo", weight=-1)], "0 or more"),
        ("r", [RouteTarget(model="echo/echo", weight=float("inf"))], "0 or more"),
        ("r", [RouteTarget(model="echo/echo", weight=0)], "above 0"),
        ("r", [RouteTarget(model="gpt-4o")], "is not a target"),
    ],
)
def test_invalid_routes_are_rejected(
    connection: Connection, name: str, targets: list[RouteTarget], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        gateway.set_route(connection, name, targets)


def test_a_canary_shifts_weights_and_leaves_other_targets(connection: Connection) -> None:
    gateway.set_route(
        connection, "triage", [RouteTarget(model="deployment/old"), RouteTarget(model="echo/echo", weight=0.5)]
    )
    moved = gateway.set_weights(connection, "triage", {"deployment/old": 0.9, "deployment/new": 0.1})
    assert {target.model: target.weight for target in moved.targets} == {
        "deployment/old": 0.9,
        "echo/echo": 0.5,
        "deployment/new": 0.1,
    }


def test_a_change_is_notified_at_its_commit(connection: Connection, database: Database, project_id: UUID) -> None:
    with psycopg.connect(libpq_url(database.url), autocommit=True) as listening:
        listening.execute(LISTEN_STATEMENT)
        gateway.set_route(connection, "triage", [ECHO])
        assert list(listening.notifies(timeout=0.05)) == []
        connection.commit()
        (notice,) = listening.notifies(timeout=2, stop_after=1)
    assert (notice.channel, notice.payload) == (CHANGES_CHANNEL, str(project_id))


def test_a_change_applies_to_the_next_call(server: Server) -> None:
    """A client that changes a route and calls it on the same server gets the new route."""
    for turn in range(20):
        server.client.gateway.set_route("turning", {f"echo/echo?first=0.00{turn % 2}": 1})
        server.client.gateway.chat("turning", "hi")
    assert [span.model for span in server.spans()] == ["echo/echo?first=0.000", "echo/echo?first=0.001"] * 10


@given(
    weights=st.lists(st.floats(0, 1e6), min_size=1, max_size=6).filter(lambda weights: sum(weights) > 0),
    at=st.floats(0, 1, exclude_max=True),
)
def test_a_target_without_weight_is_never_chosen(weights: list[float], at: float) -> None:
    chosen = gateway.pick_weighted(route(*weights), lambda: at)
    assert chosen.weight > 0


def test_targets_are_chosen_in_proportion_to_their_weights() -> None:
    steps = 1000
    counts = Counter(gateway.pick_weighted(route(1, 3, 0), lambda: step / steps).model for step in range(steps))  # noqa: B023
    assert counts == {"echo/0": 250, "echo/1": 750}


def test_a_route_with_only_zero_weights_is_an_error() -> None:
    with pytest.raises(Unavailable, match="weight above 0"):
        gateway.pick_weighted(route(0, 0), lambda: 0.5)


def test_a_lost_connection_is_reopened_and_all_caches_are_cleared(database_url: str) -> None:
    heard: list[UUID | str | None] = []
    announcements = ChangeListener(
        database_url,
        on_change=heard.append,
        on_key_change=lambda: heard.append("callers"),
        on_disconnect=lambda: heard.append("lost"),
    )
    announcements.start()
    wait_for(lambda: len(heard) == 1)
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'vong gateway' AND datname = current_database()"
        )
        wait_for(lambda: len(heard) == 3)
        project = UUID(int=7)
        other.execute("SELECT pg_notify(%s, %s)", (CHANGES_CHANNEL, str(project)))
        other.execute("SELECT pg_notify(%s, '')", (PRINCIPALS_CHANNEL,))
        other.execute("SELECT pg_notify(%s, 'by hand')", (CHANGES_CHANNEL,))
        wait_for(lambda: len(heard) == 6)
    announcements.stop()
    assert heard == [None, "lost", None, project, "callers", None]


def wait_for(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not done():
        assert time.monotonic() < until
        time.sleep(0.005)
