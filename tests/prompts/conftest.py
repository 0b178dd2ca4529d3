"""Fixtures of the tests of prompts: an application with the routes of prompts, and clients of each role."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from vong import access
from vong.api.http import problems
from vong.api.routes import evals_gates
from vong.api.routes import prompts as prompt_routes
from vong.api.routes import prompts_labels as label_routes
from vong.app import Platform
from vong.client.prompts import PromptsClient
from vong.client.transport import Transport
from vong.config import Settings
from vong.store.database import Database


class Surfaces(NamedTuple):
    """HTTP clients by role, and the Python client of a member on the same application."""

    owner: TestClient
    member: TestClient
    viewer: TestClient
    client: PromptsClient


@pytest.fixture
def surfaces(database_url: str, database: Database, project_id: UUID, tmp_path: Path) -> Iterator[Surfaces]:
    platform = Platform(Settings(home=tmp_path, database_url=database_url))
    app = FastAPI()
    app.state.platform = platform
    problems.install_handlers(app)
    for module in (evals_gates, prompt_routes, label_routes):
        app.include_router(module.routes)
    with database.scope(project_id) as connection:
        keys = {role: access.create_key(connection, role, role=role).secret for role in ("owner", "member", "viewer")}
    clients = {role: TestClient(app, headers={"Authorization": f"Bearer {key}"}) for role, key in keys.items()}
    transport = Transport("http://testserver", keys["member"], retry_seconds=0)
    vars(transport)["http"] = clients["member"]
    yield Surfaces(clients["owner"], clients["member"], clients["viewer"], PromptsClient(transport))
    platform.close()
