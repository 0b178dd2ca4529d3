"""Results of other programs, read from files that they wrote when they ran against a Vong server."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection

from vong import evals
from vong.errors import InvalidInput
from vong.evals import recorded_runs
from vong.evals.imports import read_results
from vong.evals.recorded_runs import RecordedOutput, RecordedRun

FILES = Path(__file__).parent / "files"


def load(*names: str) -> list[tuple[str, bytes]]:
    return [(name, (FILES / name).read_bytes()) for name in names]


def test_multiple_choice_of_lm_eval_is_imported_with_its_signature(connection: Connection) -> None:
    (run,) = read_results(load("results_lm_eval.json", "samples_vongmc_lm_eval.jsonl"))
    stored = recorded_runs.store(connection, run)
    assert (stored.source, stored.model, stored.examples) == ("lm-evaluation-harness", "deployment/small", 6)
    assert stored.scores == pytest.approx({"acc": 4 / 6, "acc_norm": 4 / 6})
    assert stored.signatures["acc"].startswith("lm-eval|acc|task:vongmc|version:1.0|shots:0|filter:none|hash:")
    first = evals.list_outputs(connection, stored.id)[0]
    assert first.prompt == "The capital of France is"
    assert first.answer in {"Paris", "Berlin", "Rome"}
    assert first.reference == "Paris"
    assert first.scores.keys() == {"acc", "acc_norm"}


def harness_files(*tasks: str, time: str = "") -> list[tuple[str, bytes]]:
    """Return a results file of lm-evaluation-harness and the samples of its tasks, whose answers are their names."""
    results = {"configs": {task: {} for task in tasks}, "results": {task: {"acc,none": 1.0} for task in tasks}}
    files = [(f"results{time}.json", json.dumps(results).encode())]
    for task in tasks:
        row = {"filter": "none", "arguments": [["q", ""]], "filtered_resps": [task + time], "target": "t", "acc": 1.0}
        files.append((f"samples_{task}{time}.jsonl", json.dumps(row).encode()))
    return files


@pytest.mark.parametrize("time", ["", "_2026-12-01T03-59-27.817376"])
def test_tasks_whose_names_begin_alike_have_their_own_samples(time: str) -> None:
    tasks = ("arc", "arc_easy", "arc_easy_vi")
    for files in (harness_files(*tasks, time=time), harness_files(*reversed(tasks), time=time)):
        runs = read_results(files)
        assert {run.dataset: run.outputs[0].answer for run in runs} == {task: task + time for task in tasks}


def test_two_results_of_a_task_have_their_own_samples() -> None:
    early, late = (
        harness_files("arc", time="_2026-12-01T03-59-27.8"),
        harness_files("arc", time="_2026-12-02T03-59-27.8"),
    )
    runs = read_results([*late, *early])
    assert [run.outputs[0].answer[-22:] for run in runs] == ["_2026-12-02T03-59-27.8", "_2026-12-01T03-59-27.8"]


def test_every_column_of_promptfoo_is_a_run() -> None:
    """Two providers with one id differ in their settings, and two prompts may have one label."""
    rows = [
        {
            "promptIdx": column,
            "provider": {"id": "openai:chat:m"},
            "prompt": {"raw": "q", "label": "p"},
            "success": True,
        }
        for column in (0, 1)
    ]
    runs = read_results([("out.json", json.dumps({"results": {"results": [*rows, *rows]}}).encode())])
    assert [len(run.outputs) for run in runs] == [2, 2]


def test_tokens_from_caches_are_tokens_of_the_input() -> None:
    usage = {"input_tokens": 34, "output_tokens": 72, "input_tokens_cache_read": 72, "total_tokens": 178}
    sample = {"id": 1, "input": "q", "target": "a", "output": {"choices": [], "usage": usage}, "scores": {}}
    (run,) = read_results([("log.json", json.dumps({"eval": {"task": "t"}, "samples": [sample]}).encode())])
    assert (run.outputs[0].input_tokens, run.outputs[0].output_tokens) == (106, 72)


@pytest.mark.parametrize("name", ["inspect.eval", "inspect.json"])
def test_logs_of_inspect_are_imported(connection: Connection, name: str) -> None:
    (run,) = read_results(load(name))
    stored = recorded_runs.store(connection, run, model="echo/echo")
    assert (stored.source, stored.model, stored.examples) == ("inspect_ai", "echo/echo", 4)
    assert stored.scores == {"match": 0.75, "includes": 0.75}
    assert stored.signatures["match"].startswith("inspect_ai|match|params:{}|metrics:accuracy+stderr|program:0.")
    output = evals.list_outputs(connection, stored.id)[0]
    assert (output.prompt, output.reference, output.finish_reason) == ("Say exactly: Paris", "Paris", "stop")


def test_output_of_promptfoo_is_imported(connection: Connection) -> None:
    (run,) = read_results(load("promptfoo.json"))
    stored = recorded_runs.store(connection, run)
    assert (stored.source, stored.model, stored.dataset.partition("@")[0]) == ("promptfoo", "echo", "vong tickets")
    expected = {"pass": 0.5, "score": 0.75, "assert.contains": 0.5, "assert.icontains": 1.0}
    assert stored.scores == pytest.approx(expected)
    assert stored.input_tokens > 0


def test_imported_runs_of_one_task_are_compared(connection: Connection) -> None:
    runs: list[UUID] = []
    for wins in (4, 9):
        outputs = tuple(RecordedOutput(prompt=str(i), scores={"acc": float(i < wins)}) for i in range(10))
        run = RecordedRun(source="pytest", model="m", dataset="task", outputs=outputs)
        runs.append(recorded_runs.store(connection, run).id)
    found = evals.compare(connection, *runs)
    assert (found.metrics["acc"].wins, found.metrics["acc"].test) == (5, "mcnemar")


def test_a_total_that_is_no_mean_is_kept_beside_the_mean(connection: Connection) -> None:
    outputs = tuple(RecordedOutput(prompt=str(i), scores={"f1": i / 10}) for i in range(3))
    run = RecordedRun(source="lm-eval", model="m", dataset="task", scores={"f1": 0.7}, outputs=outputs)
    assert recorded_runs.store(connection, run).scores == pytest.approx({"f1": 0.7, "f1.mean": 0.1})


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([("a.json", b"[]")], "is not a JSON object"),
        ([("a.json", b"{")], "is not JSON"),
        ([("a.json", b"{}")], "no result file of a known program"),
        ([("a.eval", b"PK\x03\x04broken")], "damaged archive"),
        ([("results.json", json.dumps({"results": {}, "configs": {"t": {}}}).encode())], "has no samples"),
        ([("samples_t_1.jsonl", b"{}")], "belongs to no results file"),
    ],
)
def test_other_files_are_rejected(files: list[tuple[str, bytes]], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        read_results(files)
