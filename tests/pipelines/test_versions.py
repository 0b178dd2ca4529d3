"""Versions, labels, differences and the JSON schema of pipelines."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from vong import access
from vong.api.http import problems
from vong.api.routes import evals_gates, pipelines_versions
from vong.app import Platform
from vong.config import Settings
from vong.pipelines.definition import hash_definition, parse_definition, to_yaml
from vong.pipelines.diff import diff_definitions
from vong.pipelines.schema import pipeline_schema

ECHO = """
description: Repeats a question
inputs:
  question: {type: string}
outputs:
  answer: "{{ say.text }}"
steps:
  say: {kind: template, text: "You asked: {{ inputs.question }}"}
"""


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    made = Platform(Settings(home=tmp_path, database_url=database_url))
    yield made
    made.close()


@pytest.fixture
def http(platform: Platform, project_id: UUID) -> TestClient:
    app = FastAPI()
    app.state.platform = platform
    problems.install_handlers(app)
    for routes in (pipelines_versions.routes, evals_gates.routes):
        app.include_router(routes)
    with platform.scope(project_id) as connection:
        secret = access.create_key(connection, "test", role="owner").secret
    return TestClient(app, headers={"Authorization": f"Bearer {secret}"})


def changed(**steps: Any) -> dict[str, Any]:
    values = yaml.safe_load(ECHO)
    return {**values, "steps": {**values["steps"], **steps}}


def store(http: TestClient, definition: Any, **fields: Any) -> dict[str, Any]:
    created = http.post("/api/v1/pipelines/echo/versions", json={"definition": definition, **fields})
    assert created.status_code == 201, created.text
    return created.json()


def test_equal_content_is_one_version_and_a_new_layout_replaces_the_old_one(http: TestClient) -> None:
    first = store(http, ECHO, message="begin")
    assert (first["number"], first["message"], first["layout_changed_at"]) == (1, "begin", None)
    values = yaml.safe_load(ECHO)
    moved = store(http, {**values, "layout": {"say": [10, 20]}, "notes": [{"text": "later"}]})
    assert (moved["number"], moved["hash"]) == (1, first["hash"])
    assert moved["definition"]["layout"] == {"say": [10, 20]} and moved["layout_changed_at"]
    second = store(http, changed(say={"kind": "template", "text": "{{ inputs.question }}?"}), base="1")
    assert second["number"] == 2
    assert [one["number"] for one in http.get("/api/v1/pipelines/echo/versions").json()] == [2, 1]
    third = store(http, ECHO)  # the old content is the newest one again
    assert (third["number"], third["hash"]) == (3, first["hash"])
    assert http.get("/api/v1/pipelines/echo/versions/" + first["hash"][:12]).json()["number"] == 3
    (listed,) = http.get("/api/v1/pipelines").json()
    assert (listed["name"], listed["versions"], listed["number"], listed["steps"]) == ("echo", 3, 3, 1)


def test_the_order_of_steps_is_kept(http: TestClient) -> None:
    steps = {name: {"kind": "template", "text": name} for name in ("zebra", "apple", "middle")}
    values = {"steps": steps, "outputs": {"all": "{{ zebra.text }}"}}
    store(http, values)
    assert list(http.get("/api/v1/pipelines/echo").json()["definition"]["steps"]) == list(steps)
    store(http, {**values, "steps": dict(sorted(steps.items()))})
    assert list(http.get("/api/v1/pipelines/echo").json()["definition"]["steps"]) == sorted(steps)


@pytest.mark.parametrize(
    ("name", "definition", "status", "words"),
    [
        ("echo", "steps: [", 422, "not valid YAML"),
        ("echo", {"steps": {}}, 422, "steps"),
        ("echo", changed(say={"kind": "template", "text": "{{ nobody.text }}"}), 422, "nobody"),
        ("echo", changed(say={"kind": "telegraph"}), 422, "no kind of step named 'telegraph'"),
        ("schema", ECHO, 422, "is a path of the API"),
        ("Echo Pipeline", ECHO, 422, "invalid pipeline name"),
    ],
)
def test_invalid_pipelines_are_rejected(http: TestClient, name: str, definition: Any, status: int, words: str) -> None:
    refused = http.post("/api/v1/pipelines", json={"name": name, "definition": definition})
    assert refused.status_code == status and words in refused.text, refused.text
    assert refused.json()["hint"]
    assert http.get("/api/v1/pipelines").json() == []


def test_a_stale_base_is_rejected(http: TestClient) -> None:
    store(http, ECHO)
    store(http, changed(more={"kind": "template", "text": "x"}), base="1")
    refused = http.post("/api/v1/pipelines/echo/versions", json={"definition": ECHO, "base": "1"})
    assert refused.status_code == 409 and "created version 2" in refused.text
    assert http.post("/api/v1/pipelines", json={"name": "echo", "definition": ECHO}).status_code == 409


def test_labels_move_through_the_gate_and_back(http: TestClient) -> None:
    store(http, ECHO)
    store(http, changed(more={"kind": "template", "text": "x"}))
    path = "/api/v1/pipelines/echo/labels"
    assert http.put(f"{path}/staging", json={"version": "2"}).status_code == 200
    refused = http.put(f"{path}/prod", json={"version": "1"})
    assert refused.status_code == 409 and "vong pipelines label echo prod" in refused.text
    first = http.put(f"{path}/prod", json={"version": "1", "reason": "first release"}).json()
    assert first["version"] == "echo@" + http.get("/api/v1/pipelines/echo/versions/1").json()["hash"][:12]
    assert http.put(f"{path}/prod", json={"version": "staging", "reason": "tested"}).status_code == 200
    back = http.post(f"{path}/prod/rollback", json={}).json()
    assert back["version"] == first["version"] and "rollback" in back["reason"]
    assert len([one for one in http.get(path, params={"history": True}).json() if one["label"] == "prod"]) == 3
    assert http.get("/api/v1/pipelines/echo/versions/prod").json()["number"] == 1
    assert http.delete(f"{path}/prod").status_code == 409
    assert http.delete(f"{path}/prod", params={"reason": "closed"}).json()["version"] is None
    assert [one["label"] for one in http.get(path).json()] == ["staging"]
    assert http.put(f"{path}/latest", json={"version": "1"}).status_code == 422


def test_a_policy_decides_about_a_label(http: TestClient) -> None:
    stored = store(http, ECHO)
    policy = {"kind": "pipeline", "pattern": "echo:prod", "requirements": {"approvals": {"owner": 1}}}
    assert http.put("/api/v1/evals/gates/policies/two-eyes", json=policy).status_code == 200
    move = {"version": "1", "reason": "hurry"}
    refused = http.put("/api/v1/pipelines/echo/labels/prod", json=move)
    assert refused.status_code == 409 and "approve pipeline echo:prod pipeline/echo@" in refused.text
    subject = {"kind": "pipeline", "name": "echo:prod"}
    target = f"pipeline/echo@{stored['hash'][:12]}"  # as the hint names it
    given_ = http.post("/api/v1/evals/gates/approvals", json={"subject": subject, "candidate": target})
    assert given_.status_code == 201 and given_.json()["candidate"] == target.removeprefix("pipeline/")
    moved = http.put("/api/v1/pipelines/echo/labels/prod", json=move)
    assert moved.status_code == 200 and "gate" in moved.json()["evidence"]


def test_the_difference_names_steps_fields_and_edges(http: TestClient) -> None:
    store(http, ECHO)
    steps = {
        "say": {"kind": "template", "text": "{{ first.text }}"},
        "first": {"kind": "template", "text": "{{ inputs.question }}"},
    }
    store(http, changed(**steps) | {"layout": {"say": [1, 1]}})
    found = http.get("/api/v1/pipelines/echo/diff", params={"old": 1, "new": "latest"}).json()
    assert [(one["step"], one["kind"]) for one in found["steps"]] == [("say", "changed"), ("first", "added")]
    assert found["steps"][0]["fields"] == [
        {
            "path": "text",
            "kind": "changed",
            "old": "You asked: {{ inputs.question }}",
            "new": "{{ first.text }}",
        }
    ]
    assert found["edges"] == [{"source": "first", "target": "say", "port": None, "kind": "added"}]
    assert found["layout_changed"] and not found["equal"]
    assert "-  text:" not in found["text"] and "+  first:" in found["text"]


def test_pipelines_are_exported_as_yaml_and_deleted(http: TestClient) -> None:
    stored = store(http, ECHO)
    text = http.get("/api/v1/pipelines/echo/yaml").text
    assert hash_definition(parse_definition(text)) == stored["hash"]
    assert http.get("/api/v1/pipelines/ecko").json()["hint"].startswith("did you mean 'echo'")
    assert http.delete("/api/v1/pipelines/echo").status_code == 204
    assert http.get("/api/v1/pipelines/echo").status_code == 404


def test_validation_returns_findings_without_storing(http: TestClient) -> None:
    bad = changed(say={"kind": "template", "text": "{{ inputs.nothing }}"})
    found = http.post("/api/v1/pipelines/validate", json={"definition": bad}).json()
    assert not found["valid"] and found["findings"][0]["step"] == "say"
    assert http.post("/api/v1/pipelines/validate", json={"definition": ECHO}).json()["valid"]
    assert http.get("/api/v1/pipelines").json() == []


def test_the_schema_accepts_pipelines_and_rejects_unknown_settings(http: TestClient) -> None:
    schema = http.get("/api/v1/pipelines/schema").json()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    nested = changed(repeat={"kind": "map", "over": "{{ inputs.list }}", "output": "x", "steps": {"a": {"text": "x"}}})
    assert not list(validator.iter_errors(yaml.safe_load(ECHO)))
    assert "'kind' is a required property" in str([one.message for one in validator.iter_errors(nested)])
    wrong = changed(say={"kind": "template", "text": "x", "colour": "red"})
    assert "colour" in next(validator.iter_errors(wrong)).message
    assert list(validator.iter_errors(changed(say={"kind": "telegraph"})))


names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name not in {"inputs", "item", "index", "state", "run", "error"}
)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=40)
definitions = st.builds(
    lambda description, steps, layout: {
        "description": description,
        "steps": {name: {"kind": "template", "text": text} for name, text in steps.items()},
        "layout": {name: [float(position), 0.0] for name, position in zip(steps, layout, strict=False)},
    },
    texts,
    st.dictionaries(names, texts, min_size=1, max_size=5),
    st.lists(st.integers(-1000, 1000), max_size=3),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(definitions, definitions)
def test_yaml_is_lossless_and_the_difference_is_complete(old: dict[str, Any], new: dict[str, Any]) -> None:
    before, after = parse_definition(old), parse_definition(new)
    assert parse_definition(to_yaml(before)) == before
    found = diff_definitions(before, after)
    assert found.equal == (hash_definition(before) == hash_definition(after))
    assert {one.step for one in found.steps} == {
        name for name in before.steps.keys() | after.steps.keys() if before.steps.get(name) != after.steps.get(name)
    }


def test_every_kind_of_step_is_in_the_schema() -> None:
    schema = pipeline_schema()
    kinds = schema["$defs"]["step"]["properties"]["kind"]["enum"]
    assert {"prompt", "retrieve", "loop", "join", "approval"} <= set(kinds)
    assert all(schema["$defs"][f"step_{kind}"]["additionalProperties"] is False for kind in kinds)
