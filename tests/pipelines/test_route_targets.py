"""Pipelines as targets of routes and candidates of canaries: pinned versions, evidence, promotion of the label."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection

from vong.app import Platform, gates
from vong.app.gatekeeper import evidence_gate
from vong.config import Settings
from vong.errors import GateRejected, NotFound
from vong.evals import gate_store
from vong.evals.gates import GateRequirements
from vong.loop.application_targets import pin_target
from vong.pipelines import labels, versions
from vong.pipelines.definition import parse_definition
from vong.store.database import Database


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    made = Platform(Settings(home=tmp_path, database_url=database_url))
    yield made
    made.close()


def store(connection: Connection, text: str) -> versions.PipelineVersion:
    definition: dict[str, Any] = {
        "outputs": {"answer": "{{ a.text }}"},
        "steps": {"a": {"kind": "template", "text": text}},
    }
    return versions.create_version(connection, "ask", parse_definition(definition), created_by="ann")


def test_a_label_is_pinned_and_other_targets_are_not_changed(connection: Connection) -> None:
    first = store(connection, "one")
    labels.set_label(connection, "ask", "prod", first)
    store(connection, "two")
    assert (
        pin_target(connection, "pipeline/ask:prod") == pin_target(connection, "pipeline/ask") == f"pipeline/{first.ref}"
    )
    assert pin_target(connection, "deployment/tuned") == "deployment/tuned"
    with pytest.raises(NotFound):
        pin_target(connection, "pipeline/none")


def test_a_promoted_candidate_moves_the_label_through_its_gate(
    platform: Platform, database: Database, project_id: UUID
) -> None:
    gate = evidence_gate(platform)
    with database.scope(project_id) as connection:
        first, second = store(connection, "one"), store(connection, "two")
        gate.move_labels(connection, f"pipeline/{second.ref}", {"canary": "1"}, "better")
        assert labels.list_labels(connection, "ask") == []  # a pipeline without the label stays without it
        labels.set_label(connection, "ask", "prod", first)
        gate.move_labels(connection, f"pipeline/{second.ref}", {"canary": "1"}, "better")
        (moved,) = labels.list_labels(connection, "ask")
        assert (moved.version, moved.evidence, moved.moved_by) == (second.ref, {"canary": "1"}, "evidence")
        subject = gates.route_subject("support")
        assert gates.resolve_candidate(connection, subject, "pipeline/ask:prod").key == f"pipeline/{second.ref}"
        needed = GateRequirements(approvals={"owner": 1})
        gate_store.set_policy(connection, "two", kind="pipeline", pattern="ask:*", requirements=needed, by="ann")
        with pytest.raises(GateRejected):
            gate.move_labels(connection, f"pipeline/{first.ref}", {"canary": "2"}, "better")
