"""Commands of evaluations with the real routes."""

import json
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from vong import data, evals
from vong.app import Platform
from vong.cli import evals as commands
from vong.cli import evals_compare, evals_score
from vong.client import Client
from vong.errors import InvalidInput
from vong.evals.references import collect_references
from vong.records import DatasetVersion, EvalResult, Operation

from .test_api import FakeCompletions, dataset, http, platform, run_job
from .tickets import Scope, ticket

__all__ = ["dataset", "http", "platform"]


@pytest.fixture
def vong(http: TestClient, monkeypatch: pytest.MonkeyPatch) -> Any:
    client = Client("http://testserver", "unused")
    monkeypatch.setattr(client.transport, "http", http)
    for module in (commands, evals_compare, evals_score):
        monkeypatch.setattr(module, "Client", lambda: client)

    def run(*words: str) -> str:
        done = CliRunner().invoke(commands.group, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_runs_are_started_listed_and_compared(
    vong: Any, platform: Platform, dataset: DatasetVersion, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids: list[str] = []
    for shots in ("0", "2"):
        words = ["--model", "triage", "--dataset", dataset.ref, "--scorer", "exact_match:fields=product", "--detach"]
        started = json.loads(vong("run", *words, "--scorer", "chrf", "--shots", shots, "--json"))
        ids.append(started["result"]["id"])
        run_job(platform, monkeypatch, project_id, UUID(ids[-1]), FakeCompletions())
    assert "exact_match=" in vong("list")
    shown = vong("show", ids[0])
    assert "exact_match|fields:product" in shown
    assert "(concurrency 4)" in shown
    beside = vong("show", *ids)
    assert "latency p95 (ms)" in beside
    assert "none" in vong("show", ids[0], "--failed")
    compared = vong("compare", *ids)
    assert "B-A" in compared
    assert "[+0.0000, +0.0000]" in compared
    assert "8 examples in both" in compared
    assert json.loads(vong("compare", *ids, "--json"))["n"] == 8


def test_several_references_are_read_from_the_metadata(
    vong: Any,
    platform: Platform,
    scope: Scope,
    project_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = '{"product": "Kho", "urgency": "low"}'
    lists: list[Any] = [[other, other], json.dumps([other]), None, "no answer"]
    rows = [
        row.model_copy(update={"metadata": {**row.metadata, "refs": more}})
        for row, more in zip([ticket(number) for number in range(1, 5)], lists, strict=True)
    ]
    with scope() as connection:
        dataset = data.write(connection, platform.blobs, "several", rows, Operation(name="import"))

    def evaluate(*options: str) -> EvalResult:
        words = ["--model", "triage", "--dataset", dataset.ref, "--scorer", "exact_match", "--scorer", "bleu", "--json"]
        id = UUID(json.loads(vong("run", *words, "--detach", *options))["result"]["id"])
        run_job(platform, monkeypatch, project_id, id, FakeCompletions())
        with scope() as connection:
            return evals.get_run(connection, id)

    one, several = evaluate(), evaluate("--references", "refs")
    assert (one.scores["exact_match"], several.scores["exact_match"]) == (0.0, 0.5)
    assert several.scores["bleu"] > one.scores["bleu"]
    assert "|nrefs:1|" in one.signatures["bleu"]
    assert "|nrefs:var|" in several.signatures["bleu"]
    with scope() as connection, pytest.raises(InvalidInput, match="different references"):
        evals.compare(connection, one.id, several.id)
    with pytest.raises(InvalidInput, match="no evaluated example has the metadata field 'more'"):
        evaluate("--references", "more")
    with pytest.raises(InvalidInput, match=r"row 1 is not a list of texts"):
        collect_references({0: rows[0].model_copy(update={"metadata": {"refs": [1]}})}, "refs")


def test_the_scorers_are_listed(vong: Any) -> None:
    assert "rouge  (stemmer=False, tokenizer='default', field='')" in vong("scorers")
