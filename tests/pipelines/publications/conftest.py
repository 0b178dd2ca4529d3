"""Fixtures: a server with all routes, and projects with published pipelines."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import fresh_database
from tests.gateway.conftest import Running, Server, project_server, serving
from vong.app import Platform
from vong.config import ProviderSettings, Settings

SUPPORT: dict[str, Any] = {
    "description": "Answers questions",
    "inputs": {
        "question": {"type": "string"},
        "history": {"type": "array", "default": []},
        "tone": {"type": "string", "default": "formal"},
    },
    "outputs": {"answer": "{{ answer.text }}"},
    "steps": {
        "rewrite": {
            "kind": "prompt",
            "model": "echo/echo",
            "messages": [{"role": "user", "content": "rewritten {{ inputs.question }}"}],
        },
        "answer": {
            "kind": "prompt",
            "model": "echo/echo",
            "history": "{{ inputs.history }}",
            "messages": [{"role": "user", "content": "{{ inputs.question }} ({{ inputs.tone }})"}],
            "after": ["rewrite"],
        },
    },
}


@pytest.fixture(scope="session")
def publication_server(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start a server with all routes and the provider `echo`."""
    with fresh_database(postgres_url) as url:
        settings = Settings(
            home=tmp_path_factory.mktemp("publications"),
            database_url=url,
            providers={"echo": ProviderSettings(kind="echo")},
        )
        with serving(Platform(settings), all_routes=True) as running:
            settings = running.platform.settings
            running.platform.settings = settings.model_copy(update={"public_url": running.url})
            yield running


@pytest.fixture(scope="module")
def server(publication_server: Running) -> Iterator[Server]:
    """Create a project with the published pipeline `support` for the tests of a module."""
    with project_server(publication_server) as server:
        create_pipeline(server, "support", SUPPORT)
        server.client.pipelines.publish("support")
        yield server


def create_pipeline(server: Server, name: str, definition: dict[str, Any]) -> None:
    """Store a pipeline."""
    server.client.transport.post("/api/v1/pipelines", body={"name": name, "definition": definition})
