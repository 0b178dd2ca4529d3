"""Two machines with real engines: replicas on both, an update under load, and the loss of a machine."""

import threading
import time
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from tests.running_vong import eventually
from tests.serving.test_reconciler import gguf, is_ready, supervised, wait_for_deployment
from vong import serving
from vong.serving import views
from vong.serving.settings import DeploymentSettings
from vong.store.database import Database

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def nothing_left_behind(database: Database) -> Generator[None]:
    yield
    for machine in ("one", "two"):
        serving.stop_all(database, machine=machine, grace=5)


def deploy(database: Database, project_id: UUID, **settings: int) -> None:
    with database.scope(project_id) as connection:
        values = DeploymentSettings.model_validate({"threads": 1, **settings})
        serving.deploy(connection, "small", gguf("model"), gguf("model"), settings=values)


def call(database: Database, project_id: UUID) -> int:
    """Call a replica that takes calls now, as the gateway does, and return the status."""
    with database.scope(project_id) as connection:
        (found,) = serving.list_ready_deployments(connection)
    url, token = found.replicas[int(time.monotonic() * 1000) % len(found.replicas)]
    body = {"model": found.served_name, "messages": [{"role": "user", "content": "hello"}], "max_tokens": 4}
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(f"{url}/chat/completions", json=body, headers=headers, timeout=60).status_code


def test_an_update_loses_no_call_and_a_lost_machine_is_replaced(
    database: Database, project_id: UUID, tmp_path: Path
) -> None:
    statuses: list[int] = []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            statuses.append(call(database, project_id))

    with supervised(database, tmp_path / "one", machine="one", overdue=4.0), ExitStack() as second:
        second.enter_context(supervised(database, tmp_path / "two", machine="two", overdue=4.0))
        eventually(lambda: _registered(database) == {"one", "two"}, 60)
        deploy(database, project_id, min_replicas=2)
        both = wait_for_deployment(database, project_id, lambda found: found.replicas == 2, seconds=120)
        with database.scope(project_id) as connection:
            assert {one.machine for one in views.list_replicas(connection, "small")} == {"one", "two"}
        thread = threading.Thread(target=load)
        thread.start()
        try:
            deploy(database, project_id, min_replicas=2, context=2048)
            updated = wait_for_deployment(database, project_id, is_ready, seconds=120)
            assert updated.engine_key != both.engine_key
            time.sleep(2)
        finally:
            stop.set()
            thread.join()
        assert len(statuses) > 2
        assert set(statuses) == {200}
        second.close()  # this machine sends no heartbeat any longer
        wait_for_deployment(database, project_id, lambda found: _machines(database, project_id) == {"one"}, seconds=60)
        wait_for_deployment(database, project_id, lambda found: found.replicas == 2, seconds=120)


def _machines(database: Database, project_id: UUID) -> set[str | None]:
    with database.scope(project_id) as connection:
        return {one.machine for one in views.list_replicas(connection, "small") if one.state == "ready"}


def _registered(database: Database) -> set[str]:
    """Return the machines that run engines."""
    with database.owner() as connection:
        return {machine.name for machine in views.list_machines(connection)}
