"""Scores of a deployment and of its reference, with a fake engine on both sides."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import httpx
import pytest

from tests.evals.tickets import ticket
from vong import data, evals, registry
from vong.app import Platform, serving_scores
from vong.config import Settings
from vong.errors import Unavailable
from vong.evals import suites
from vong.evals.suites import SuiteDefinition
from vong.jobs import JobContext
from vong.records import ModelVersion, Operation, new_id
from vong.serving.engine_client import EngineClient
from vong.serving.settings import DeploymentEvaluation

ANSWERS = {ticket(number).prompt_text: str(ticket(number).completion_text) for number in range(12)}


class FakeEngine:
    """Engine that answers every ticket, `wrong` of them wrongly."""

    def __init__(self, wrong: int = 0) -> None:
        self.wrong = set(list(ANSWERS)[:wrong])
        self.calls = 0

    def chat(self, body: dict[str, Any]) -> httpx.Response:
        self.calls += 1
        question = next(text for text in ANSWERS if body["messages"][-1]["content"] in text)
        answer = "no idea" if question in self.wrong else ANSWERS[question]
        choice = {"message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
        return httpx.Response(200, json={"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 2}})


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Generator[Platform]:
    created = Platform(Settings(home=tmp_path / "home", database_url=database_url))
    yield created
    created.close()


@pytest.fixture
def model(platform: Platform, project_id: UUID, tmp_path: Path) -> ModelVersion:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({}))
    with platform.scope(project_id) as connection:
        data.write(
            connection, platform.blobs, "tickets", [ticket(number) for number in range(12)], Operation(name="import")
        )
        return registry.register(connection, platform.blobs, "base", folder)


Measure = Callable[..., dict[str, Any]]


@pytest.fixture
def measure(platform: Platform, project_id: UUID, model: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> Measure:
    def run(deployed: FakeEngine, reference: FakeEngine | Exception | None, **evaluate: Any) -> dict[str, Any]:
        def start() -> EngineClient:
            if isinstance(reference, Exception):
                raise reference
            return cast(EngineClient, reference)

        @contextmanager
        def open_reference(*_: object) -> Generator[Callable[[], EngineClient] | None]:
            yield None if reference is None else start

        monkeypatch.setattr(serving_scores, "_reference_engine", open_reference)
        values: dict[str, Any] = {"id": new_id(), "project_id": project_id, "progress": lambda *_, **__: None}
        job = cast(JobContext, SimpleNamespace(**values, log=lambda _: None, check=lambda: None))
        wanted = DeploymentEvaluation.model_validate({"dataset": "tickets", "limit": None, **evaluate})
        return serving_scores.measure_scores(job, platform, model, wanted, (cast(EngineClient, deployed), "triage@1"))

    return run


def test_both_sides_are_scored_and_the_outputs_of_the_reference_are_reused(
    measure: Measure, platform: Platform, project_id: UUID
) -> None:
    reference = FakeEngine()
    (first,) = measure(FakeEngine(wrong=3), reference)["splits"]
    score = first["metrics"]["exact_match"]
    assert (score["reference"], score["deployed"], score["n"]) == (1.0, 0.75, 12)
    assert score["low"] < score["difference"] == -0.25 <= score["high"]
    assert (first["examples"], first["changed"]) == (12, 3)
    (second,) = measure(FakeEngine(), reference)["splits"]
    assert second["metrics"]["exact_match"]["difference"] == 0
    assert reference.calls == 12
    assert second["reference_run"] == first["reference_run"] != second["deployed_run"]
    with platform.scope(project_id) as connection:
        assert evals.get_run(connection, UUID(first["deployed_run"])).model == "triage@1 (deployment)"


def test_a_model_without_reference_has_its_own_score(measure: Measure) -> None:
    (found,) = measure(FakeEngine(wrong=6), None)["splits"]
    assert found["metrics"]["exact_match"] == {"deployed": 0.5}
    assert found["reference_run"] is None


def test_a_suite_is_scored_entry_by_entry(measure: Measure, platform: Platform, project_id: UUID) -> None:
    with platform.scope(project_id) as connection:
        version = data.find(connection, "tickets")
        entries = [{"dataset": version.ref, "scorers": [name]} for name in ("exact_match", "json_valid")]
        suites.create_suite(connection, "triage", SuiteDefinition.model_validate({"entries": entries}))
    found = measure(FakeEngine(wrong=3), FakeEngine(), dataset="", suite="triage")["splits"]
    assert [list(one["metrics"]) for one in found] == [["exact_match"], ["json_valid"]]
    assert {one["suite"] for one in found} == {"triage@1"}


def test_a_reference_that_does_not_start_is_recorded(measure: Measure) -> None:
    error = Unavailable("the reference engine did not load base", "see its log")
    assert "did not load base" in measure(FakeEngine(), error)["error"]
