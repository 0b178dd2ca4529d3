"""Suites: definition, estimate, job, checks, slices, comparison with a baseline, and the reports of the CLI."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from vong import access, data, jobs
from vong.api.http import problems
from vong.api.routes import eval_comparisons, eval_suites, evals
from vong.app import Platform
from vong.cli.evals_ci import describe_result, parse_bounds, render_markdown, write_junit
from vong.cli.evals_suites import read_definition
from vong.config import Settings
from vong.errors import InvalidInput, JobCancelled, UpstreamFailed
from vong.evals import runner
from vong.evals.judges import JudgeDefinition, save_judge
from vong.evals.runs import ScoredOutput
from vong.evals.scorers import MetricValue
from vong.evals.suite_report import EntryOutputs, check_thresholds
from vong.evals.suites import SuiteEntry, Threshold
from vong.records import DatasetVersion, Operation, now

from .suite_jobs import AnswerTable, run_suite_job
from .tickets import Scope, ticket

ENTRY: dict[str, Any] = {
    "dataset": "tickets",
    "scorers": ["exact_match", "chrf"],
    "settings": {"concurrency": 2},
    "repeats": 2,
    "slices": ["label:urgency", "tag:channel", "length"],
    "thresholds": [
        {"scorer": "exact_match", "at_least": 0.5},
        {"scorer": "exact_match", "at_least": 0.9, "slice": "urgency=low"},
        {"scorer": "failed_share", "at_most": 0},
    ],
}


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    made = Platform(Settings(home=tmp_path, database_url=database_url))
    yield made
    made.close()


@pytest.fixture
def dataset(platform: Platform, scope: Scope) -> DatasetVersion:
    examples = [ticket(number) for number in range(24)]
    examples = [
        one.model_copy(update={"metadata": {**one.metadata, "channel": ["mail", "chat"][i % 2]}})
        for i, one in enumerate(examples)
    ]
    with scope() as connection:
        return data.write(connection, platform.blobs, "tickets", examples, Operation(name="import"))


@pytest.fixture
def http(platform: Platform, scope: Scope) -> TestClient:
    app = FastAPI()
    app.state.platform = platform
    problems.install_handlers(app)
    for routes in (evals.routes, eval_suites.routes, eval_comparisons.routes):
        app.include_router(routes)
    with scope() as connection:
        secret = access.create_key(connection, "test").secret
    return TestClient(app, headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture
def suite(http: TestClient, dataset: DatasetVersion) -> dict[str, Any]:
    created = http.post("/api/v1/evals/suites", json={"name": "triage", "entries": [ENTRY]})
    assert created.status_code == 201, created.text
    return created.json()


def start(http: TestClient, **changes: Any) -> str:
    started = http.post("/api/v1/evals/suites/triage/runs", json={"subject": "m", **changes})
    assert started.status_code == 202, started.text
    assert started.json()["run"]["id"] == started.json()["job"]["id"]
    return started.json()["run"]["id"]


def test_a_suite_is_versioned_by_its_content_and_fixes_its_datasets(
    http: TestClient, suite: dict[str, Any], dataset: DatasetVersion
) -> None:
    assert (suite["number"], suite["entries"][0]["dataset"]) == (1, dataset.ref)
    again = http.post("/api/v1/evals/suites", json={"name": "triage", "entries": [ENTRY]}).json()
    assert again == suite
    second = http.post("/api/v1/evals/suites", json={"name": "triage", "entries": [{**ENTRY, "repeats": 3}]}).json()
    assert (second["number"], second["hash"] != suite["hash"]) == (2, True)
    assert [one["number"] for one in http.get("/api/v1/evals/suites/triage/versions").json()] == [2, 1]
    assert http.get("/api/v1/evals/suites/triage@1").json() == suite
    assert [one["number"] for one in http.get("/api/v1/evals/suites").json()] == [2]
    assert http.delete("/api/v1/evals/suites/triage").status_code == 204
    assert http.get("/api/v1/evals/suites/triage").status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"dataset": "nothing"}, 404, "no dataset named 'nothing'"),
        ({"split": "dev"}, 422, "has no split 'dev'"),
        ({"scorers": ["rogue"]}, 404, "no scorer named 'rogue'"),
        ({"slices": ["colour"]}, 422, "unknown slice 'colour'"),
        ({"thresholds": [{"scorer": "chrf"}]}, 422, "either at_least or at_most"),
        ({"thresholds": [{"scorer": "chrf", "at_least": 1, "slice": "language=vi"}]}, 422, "does not compute"),
        ({"repeats": 0}, 422, "repeats"),
    ],
)
def test_invalid_suites_are_rejected(
    http: TestClient, dataset: DatasetVersion, change: dict[str, Any], status: int, words: str
) -> None:
    refused = http.post("/api/v1/evals/suites", json={"name": "triage", "entries": [{**ENTRY, **change}]})
    assert (refused.status_code, words in refused.text) == (status, True), refused.text


def test_a_run_has_checks_variance_slices_and_counts(
    http: TestClient, suite: dict[str, Any], platform: Platform, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = start(http, label="main")
    model = AnswerTable(wrong=set(range(0, 24, 2)), truncated={1}, noisy={3})
    result = run_suite_job(platform, monkeypatch, project_id, UUID(id), model)
    assert not result["passed"]
    run = http.get(f"/api/v1/evals/suite-runs/{id}").json()
    assert (run["status"], run["passed"], run["done"], run["failed"], run["truncated"]) == ("finished", False, 48, 0, 2)
    assert len(run["runs"]) == 2
    match = next(one for one in run["metrics"] if one["scorer"] == "exact_match")
    assert match["n"] == 24
    assert sorted(match["values"]) == pytest.approx([11 / 24, 12 / 24])
    assert match["between_deviation"] == pytest.approx(0.0294628, abs=1e-5)
    assert match["low"] < match["value"] < match["high"]
    assert [check["passed"] for check in run["checks"]] == [False, False, True]
    low = run["checks"][1]
    assert (low["slice"], low["value"], low["n"], low["direction"]) == ("urgency=low", 0.0, 12, "at_least")
    worst = run["slices"][0]
    assert worst["slice"] in {"urgency=low", "channel=mail"}
    assert worst["adjusted_p"] < 0.05
    assert worst["value"] < worst["rest"]
    assert model.headers["x-vong-cache"] == "bypass"
    assert [one["id"] for one in http.get("/api/v1/evals/suite-runs", params={"suite": "triage"}).json()] == [id]


def test_an_interrupted_run_repeats_no_finished_evaluation(
    http: TestClient, suite: dict[str, Any], platform: Platform, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "STORE_INTERVAL_SECONDS", 0.0)
    id = start(http)
    model = AnswerTable(stop_after=30)
    with pytest.raises((JobCancelled, UpstreamFailed)):
        run_suite_job(platform, monkeypatch, project_id, UUID(id), model)
    stopped = http.get(f"/api/v1/evals/suite-runs/{id}").json()
    assert stopped["status"] in {"cancelled", "failed"}
    assert 24 <= stopped["done"] < 48
    asked = len(model.requests)
    model.stop_after = None
    assert run_suite_job(platform, monkeypatch, project_id, UUID(id), model)["passed"]
    assert len(model.requests) - asked <= 48 - 24
    assert http.get(f"/api/v1/evals/suite-runs/{id}").json()["done"] == 48


def test_a_run_of_a_cancelled_job_is_cancelled(http: TestClient, suite: dict[str, Any], scope: Scope) -> None:
    id = start(http)
    with scope() as connection:
        jobs.cancel(connection, UUID(id))
    assert http.get(f"/api/v1/evals/suite-runs/{id}").json()["status"] == "cancelled"


def test_price_time_and_detectable_difference_are_estimated(
    http: TestClient, suite: dict[str, Any], platform: Platform, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = {"subject": "echo/echo"}
    first = http.post("/api/v1/evals/suites/triage/estimate", json=request).json()
    assert (first["examples"], first["cost"], first["seconds"]) == (48, 0, None)
    detectable = first["entries"][0]["detectable"][0]
    assert detectable["scorer"] == "exact_match"
    assert detectable["value"] == pytest.approx(2.8016 * 0.5 * 2**0.5 / 24**0.5, rel=1e-3)
    assert "worst case" in detectable["basis"]
    id = start(http, subject="echo/echo")
    run_suite_job(platform, monkeypatch, project_id, UUID(id), AnswerTable(wrong={1, 2}))
    later = http.post("/api/v1/evals/suites/triage/estimate", json=request).json()
    assert later["seconds"] is not None
    assert "last run of this model" in later["entries"][0]["basis"]
    unknown = http.post("/api/v1/evals/suites/triage/estimate", json={"subject": "nobody/knows"}).json()
    assert unknown["cost"] is None
    assert "price" in unknown["entries"][0]["basis"]


def test_a_run_is_compared_with_a_labelled_baseline(
    http: TestClient,
    suite: dict[str, Any],
    platform: Platform,
    project_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    base = start(http, label="main")
    run_suite_job(platform, monkeypatch, project_id, UUID(base), AnswerTable())
    id = start(http, label="branch")
    run_suite_job(platform, monkeypatch, project_id, UUID(id), AnswerTable(wrong=set(range(0, 20, 2))))
    path = f"/api/v1/evals/suite-runs/{id}/comparison"
    found = http.get(path, params={"baseline": "main"}).json()
    match = found["entries"][0]["metrics"]["exact_match"]
    assert (match["wins"], match["losses"], match["test"]) == (0, 10, "mcnemar")
    assert match["p"] == pytest.approx(2 / 1024)
    assert match["p"] <= match["adjusted_p"]
    assert http.get(path, params={"baseline": "other"}).status_code == 404
    run = http.get(f"/api/v1/evals/suite-runs/{id}").json()
    text = render_markdown(run, found)
    assert "**worse**" in text
    assert "| 0 | exact_match | 1.0000 | 0.5833 | -0.4167" in text
    run["label"] = "feature\x01\ufffe \U0001f680 <b>"  # XML 1.0 allows neither of the first two characters
    write_junit(tmp_path / "out" / "junit.xml", run)
    parsed = ElementTree.parse(tmp_path / "out" / "junit.xml").getroot()[0]
    assert (parsed.get("tests"), parsed.get("failures")) == ("3", "1")


def test_losses_are_browsed_and_saved_as_a_dataset(
    http: TestClient, suite: dict[str, Any], platform: Platform, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids: list[str] = []
    for wrong in ({1}, set(range(0, 20, 2))):
        run = start(http, options={"repeats": 1})
        run_suite_job(platform, monkeypatch, project_id, UUID(run), AnswerTable(wrong=wrong))
        ids.append(http.get(f"/api/v1/evals/suite-runs/{run}").json()["runs"][0])
    pair = {"a": ids[0], "b": ids[1]}
    losses = http.get("/api/v1/evals/compare/changes", params={**pair, "outcome": "loss", "limit": 4}).json()
    assert [one["position"] for one in losses] == [0, 2, 4, 6]
    rest = http.get("/api/v1/evals/compare/changes", params={**pair, "outcome": "loss", "after": 6}).json()
    assert [one["position"] for one in rest] == [8, 10, 12, 14, 16, 18]
    wins = http.get("/api/v1/evals/compare/changes", params={**pair, "outcome": "win"}).json()
    assert [one["position"] for one in wins] == [1]
    chat = {**pair, "outcome": "loss", "slice": "channel=chat"}
    assert http.get("/api/v1/evals/compare/changes", params=chat).json() == []
    named = http.get("/api/v1/evals/compare/changes", params={**pair, "text": "ticket 12:"}).json()
    assert [one["position"] for one in named] == [12]
    compared = http.get("/api/v1/evals/compare", params={**pair, "slice": ["tag:channel"]}).json()
    mail = next(one for one in compared["slices"] if one["metric"] == "exact_match" and one["slice"] == "channel=mail")
    assert (mail["losses"], mail["is_worse"]) == (10, True)
    assert mail["adjusted_p"] < 0.05
    saved = http.post("/api/v1/evals/compare/dataset", json={**pair, "dataset": "regressions"})
    assert saved.status_code == 201, saved.text
    assert saved.json()["rows"] == 10
    none = http.post("/api/v1/evals/compare/dataset", json={**pair, "dataset": "regressions", "slice": "channel=chat"})
    assert (none.status_code, "no example is a loss" in none.text) == (422, True)


def test_definitions_are_read_from_yaml_and_json(tmp_path: Path) -> None:
    yaml, plain = tmp_path / "suite.yaml", tmp_path / "suite.json"
    yaml.write_text("name: ignored\nentries:\n  - dataset: tickets\n    slices: ['tag:channel']\n", encoding="utf-8")
    plain.write_text(json.dumps({"entries": [{"dataset": "tickets", "slices": ["tag:channel"]}]}), encoding="utf-8")
    assert read_definition(yaml) == read_definition(plain)
    for content, words in (("- a\n", "does not contain an object"), ("a: [", "is not valid YAML")):
        yaml.write_text(content, encoding="utf-8")
        with pytest.raises(InvalidInput, match=words):
            read_definition(yaml)


def test_bounds_of_the_command_line() -> None:
    suite = {"entries": [{"scorers": ["exact_match:fields=a"]}, {"scorers": ["exact_match"]}]}
    assert parse_bounds(("0.8", "chrf=40"), suite) == [
        {"scorer": "exact_match", "at_least": 0.8},
        {"scorer": "chrf", "at_least": 40.0},
    ]
    with pytest.raises(InvalidInput, match="is no bound"):
        parse_bounds(("chrf=high",), suite)
    with pytest.raises(InvalidInput, match="names no metric"):
        parse_bounds(("0.8",), {"entries": [{"scorers": ["bleu"]}, {"scorers": ["chrf"]}]})


def test_a_threshold_needs_the_metric_of_all_answers_or_of_the_given_share() -> None:
    entry = SuiteEntry(
        dataset="tickets",
        scorers=("exact_match", "numeric"),
        thresholds=(
            Threshold(scorer="exact_match", at_least=0.5),
            Threshold(scorer="numeric", at_least=0.5),
            Threshold(scorer="numeric", at_least=0.5, min_share=0.2),
            Threshold(scorer="numeric", at_least=0.9, min_share=0.5, slice="language=en"),
            Threshold(scorer="latency_ms", at_most=100),
        ),
    )
    one = MetricValue(1.0, (1.0, 1.0))
    outputs = [
        build_output(position, {"exact_match": one} | ({"numeric": one} if position < 2 else {}), failed=position == 9)
        for position in range(10)
    ]
    slices = {"language=en": frozenset({1, 2, 3})}
    checks = check_thresholds(0, EntryOutputs(entry, [outputs]), slices)
    assert [check.passed for check in checks] == [True, False, True, False, True]
    assert checks[1].reason == "only 2 of 10 answers have this metric, 100% must have it"
    assert (checks[1].value, checks[1].share) == (1.0, 0.2)
    assert checks[3].reason.startswith("only 1 of 3 answers in the slice language=en have this metric")
    assert (checks[4].n, checks[4].share) == (9, 1.0)
    text = describe_result(checks[1].model_dump())
    assert text.endswith("n=2: only 2 of 10 answers have this metric, 100% must have it")


def build_output(position: int, values: dict[str, MetricValue], *, failed: bool) -> ScoredOutput:
    return ScoredOutput(
        position=position,
        example="",
        prompt="",
        reference="",
        answer="",
        error="timeout" if failed else None,
        latency_ms=5.0,
        scores={name: one.value for name, one in values.items()},
        statistics={name: list(one.statistics) for name, one in values.items()},
        created_at=now(),
    )


def test_a_suite_may_have_judges_and_other_scorers_that_call_models(
    http: TestClient, dataset: DatasetVersion, scope: Scope
) -> None:
    with scope() as connection:
        definition = JudgeDefinition(kind="pass_fail", model="grader", prompt="Is the answer polite?")
        judge = save_judge(connection, "polite", definition, author="ana")
    scorers = ["judge:name=polite", "tone=judge:name=polite", "perplexity:model=deployment/small"]
    thresholds = [{"scorer": "judge", "at_least": 0.8, "min_share": 0.95}]
    entry = {**ENTRY, "scorers": scorers, "thresholds": thresholds}
    created = http.post("/api/v1/evals/suites", json={"name": "polite", "entries": [entry]})
    assert created.status_code == 201, created.text
    pinned = [f"judge:name={judge.ref}", f"tone=judge:name={judge.ref}", "perplexity:model=deployment/small"]
    assert created.json()["entries"][0]["scorers"] == pinned
    entry = {**ENTRY, "scorers": ["judge:name=rude"], "thresholds": []}
    refused = http.post("/api/v1/evals/suites", json={"name": "rude", "entries": [entry]})
    assert (refused.status_code, "no judge named 'rude'" in refused.text) == (404, True), refused.text
