"""Files of a project, and clients of projects with a dataset."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from vong import access, data
from vong.api.http import problems
from vong.api.routes import gateway, gateway_guards, pipelines_versions, project_files
from vong.app import Platform
from vong.config import Settings
from vong.records import Example, Message, Operation
from vong.store.database import Database

PROMPT = """---
labels: [staging]
description: Answers tickets
variables:
  ticket: {type: string, description: text of the ticket}
  tone: {type: string, enum: [formal, friendly], default: formal}
model: support
settings: {temperature: 0}
---
# system

Answer in a {{ tone }} tone.
Be brief.

# placeholder: history

# user

{{ ticket }}
"""
PIPELINE = """
# the comment stays in the file
labels: [dev]
description: Repeats
inputs: {question: string}
outputs: {answer: "{{ say.text }}"}
steps:
  say: {kind: template, text: "You asked: {{ inputs.question }}"}
layout: {say: [1, 2]}
"""
FILES = {
    "prompts/answer.md": PROMPT,
    "prompts/short.yaml": 'messages: [{role: user, content: "{{ text }}"}]\nvariables: {text: {type: string}}\n',
    "pipelines/echo.yaml": PIPELINE,
    "suites/quality.yaml": "entries: [{dataset: tickets, scorers: [exact_match], "
    "thresholds: [{scorer: exact_match, at_least: 0.5}]}]\n",
    "routes/support.yaml": "targets: [{model: echo/echo}]\npolicy: {retries: 2, guards: [{guard: length, settings: "
    "{max_characters: 500}}]}\n",
    "guards.yaml": "guards: [{guard: secrets, action: mask}]\n",
    "limits.yaml": "limits:\n  - {subject_type: project, metric: requests, window: minute, amount: 100}\n",
    "gates/release.yaml": "kind: pipeline\npattern: '*:prod'\nrequirements: {approvals: {owner: 1}}\n",
}


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    made = Platform(Settings(home=tmp_path, database_url=database_url))
    yield made
    made.close()


@pytest.fixture
def connect(platform: Platform, database: Database) -> Callable[..., TestClient]:
    """Return a function that creates a project with a dataset and returns its client."""
    app = FastAPI()
    app.state.platform = platform
    problems.install_handlers(app)
    for module in (project_files, gateway, gateway_guards, pipelines_versions):
        app.include_router(module.routes)

    def create(name: str, role: Any = "owner") -> TestClient:
        with database.owner() as connection:
            known = {one.name: one.id for one in access.list_projects(connection)}
            project = known.get(name) or access.create_project(connection, name).id
        with platform.scope(project) as connection:
            rows = [
                Example(
                    messages=(Message(role="user", content="q"),),
                    completion=Message(role="assistant", content="a"),
                    metadata={"split": "test"},
                )
            ]
            version = data.write(connection, platform.blobs, "tickets", rows, Operation(name="import"))
            del version
            secret = access.create_key(connection, f"key of {role}", role=role).secret
        return TestClient(app, headers={"Authorization": f"Bearer {secret}"})

    return create


@pytest.fixture
def http(connect: Callable[..., TestClient]) -> TestClient:
    return connect("first")
