from typing import Any
from uuid import UUID

import pytest

from vong import evals
from vong.errors import InvalidInput, JobCancelled, NotFound, Unauthenticated, UpstreamFailed
from vong.evals import EvalSettings, runner
from vong.evals.runner import percentile
from vong.records import Example

from .tickets import Scope, TableModel, ticket, version


def begin(scope: Scope, examples: list[Example], scorers: tuple[str, ...] = ("exact_match",), **settings: Any) -> UUID:
    dataset = version({"test": len(examples), "train": 5})
    with scope() as connection:
        started = evals.create_run(
            connection,
            model="deployment/base",
            dataset=dataset,
            split="test",
            scorers=scorers,
            settings=EvalSettings(**settings),
        )
    assert started.status == "queued"
    return started.id


def test_a_run_calls_the_model_for_every_example_and_totals_the_scores(scope: Scope, examples: list[Example]) -> None:
    model = TableModel(examples)
    model.wrong_answers[examples[0].prompt_text] = "no JSON"
    id = begin(scope, examples, ("exact_match:fields=product,urgency", "json_valid", "json_fields", "chrf"))
    done: list[tuple[int, int]] = []
    result = evals.run(scope, id, examples, model, progress=lambda *step: done.append(step))
    assert result.status == "finished"
    assert (result.done, result.failed, result.examples) == (12, 0, 12)
    assert result.scores["exact_match"] == result.scores["json_valid"] == pytest.approx(11 / 12)
    assert result.scores["json_fields.product"] == pytest.approx(11 / 12)
    assert 80 < result.scores["chrf"] < 100
    assert (result.input_tokens, result.output_tokens, result.cost) == (84, 36, 24)
    assert result.latency_p50 is not None
    assert result.latency_p95 is not None
    assert result.latency_p50 < result.latency_p95
    assert result.signatures["latency"] == "wall time of one request, 4 concurrent requests"
    assert done[-1] == (12, 12)


def test_a_killed_run_resumes_with_the_missing_examples(
    scope: Scope, examples: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "STORE_INTERVAL_SECONDS", 0.0)
    model = TableModel(examples)
    id = begin(scope, examples, concurrency=2)

    def killed(done: int, total: int) -> None:
        if done >= 5:
            raise JobCancelled("stop")

    with pytest.raises(JobCancelled):
        evals.run(scope, id, examples, model, progress=killed)
    with scope() as connection:
        assert evals.get_run(connection, id).status == "cancelled"
        kept = {answer.example for answer in evals.list_outputs(connection, id, limit=None)}
    assert 5 <= len(kept) < 12
    again = TableModel(examples)
    result = evals.run(scope, id, examples, again)
    assert len(again.requests) == 12 - len(kept)
    assert (result.status, result.done, result.scores) == ("finished", 12, {"exact_match": 1.0})


def test_outputs_are_stored_in_batches_and_also_before_an_error_ends_the_run(
    scope: Scope, examples: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "STORE_INTERVAL_SECONDS", 60.0)
    model = TableModel(examples)
    model.wrong_answers[examples[11].prompt_text] = Unauthenticated("the key is revoked")
    id = begin(scope, examples, concurrency=1)
    done: list[tuple[int, int]] = []
    with pytest.raises(Unauthenticated):
        evals.run(scope, id, examples, model, progress=lambda *step: done.append(step))
    assert done == []
    with scope() as connection:
        assert evals.get_run(connection, id).done == len(evals.list_outputs(connection, id)) == 11
    del model.wrong_answers[examples[11].prompt_text]
    assert evals.run(scope, id, examples, model, progress=lambda *step: done.append(step)).done == 12
    assert done == [(12, 12)]


def test_a_failed_request_is_retried_and_then_stored_as_an_empty_output(scope: Scope, examples: list[Example]) -> None:
    model = TableModel(examples)
    model.wrong_answers[examples[3].prompt_text] = ConnectionError("the engine\x00 went away")
    id = begin(scope, examples)
    result = evals.run(scope, id, examples, model)
    assert (result.done, result.failed) == (12, 1)
    assert result.scores["exact_match"] == pytest.approx(11 / 12)
    assert len(model.requests) == 11 + 3
    with scope() as connection:
        [failed] = evals.list_outputs(connection, id, failed=True)
    assert (failed.position, failed.answer, failed.error) == (3, "", "the engine� went away")
    del model.wrong_answers[examples[3].prompt_text]
    healed = evals.run(scope, id, examples, model)
    assert (healed.failed, healed.scores) == (0, {"exact_match": 1.0})
    assert len(model.requests) == 11 + 3 + 1


def test_a_missing_model_fails_the_run_and_is_not_scored_zero(scope: Scope, examples: list[Example]) -> None:
    model = TableModel(examples)
    model.wrong_answers = {example.prompt_text: ConnectionError("refused") for example in examples}
    id = begin(scope, examples)
    with pytest.raises(UpstreamFailed, match="refused"):
        evals.run(scope, id, examples, model)
    with scope() as connection:
        assert (evals.get_run(connection, id).status, evals.get_run(connection, id).scores) == ("failed", {})


def test_a_client_error_fails_the_run_at_once(scope: Scope, examples: list[Example]) -> None:
    model = TableModel(examples)
    model.wrong_answers = {example.prompt_text: Unauthenticated("revoked") for example in examples}
    id = begin(scope, examples, concurrency=1)
    with pytest.raises(Unauthenticated):
        evals.run(scope, id, examples, model)
    assert len(model.requests) == 1


def test_shots_are_from_another_split_and_precede_the_question(scope: Scope, examples: list[Example]) -> None:
    model = TableModel(examples)
    pool = [ticket(number, "train") for number in range(30)]
    id = begin(scope, examples, shots=3, system="Be brief.", template="Ticket: {input}")
    model.correct_answers = {f"Ticket: {text}": answer for text, answer in model.correct_answers.items()}
    result = evals.run(scope, id, examples, model, shots_pool=pool)
    assert result.scores == {"exact_match": 1.0}
    requests = model.requests[0]
    assert [message.role for message in requests] == ["system", *["user", "assistant"] * 3, "user"]
    assert requests[0].text == "Be brief."
    assert requests[1].text.startswith("Ticket: train ticket")
    assert "{it}" in requests[1].text
    assert len({message.text for message in requests if message.role == "assistant"}) == 3


def test_an_unfair_run_is_rejected_before_it_starts(scope: Scope, examples: list[Example]) -> None:
    with pytest.raises(InvalidInput, match="shots from 'test'"):
        begin(scope, examples, shots=1, shots_split="test")
    with pytest.raises(InvalidInput, match=r"has no \{input\}"):
        begin(scope, examples, template="Ticket")
    with pytest.raises(InvalidInput, match="no split 'dev'"):
        begin(scope, examples, shots=1, shots_split="dev")
    with pytest.raises(NotFound, match="no scorer named"):
        begin(scope, examples, ("exact",))


def test_runs_and_outputs_are_paged_and_hidden_from_other_projects(
    scope: Scope, examples: list[Example], project_id: UUID
) -> None:
    ids = [begin(scope, examples, limit=6) for _ in range(3)]
    evals.run(scope, ids[0], examples, TableModel(examples))
    with scope() as connection:
        page = evals.list_runs(connection, limit=2)
        assert [run.id for run in page] == [ids[2], ids[1]]
        assert [run.id for run in evals.list_runs(connection, after=page[-1].id)] == [ids[0]]
        first = evals.list_outputs(connection, ids[0], limit=4)
        rest = evals.list_outputs(connection, ids[0], after=first[-1].position)
        assert len(first + rest) == 6
        with pytest.raises(NotFound):
            evals.get_run(connection, project_id)


@pytest.mark.parametrize(
    ("count", "percent", "expected"), [(1, 50, 1), (2, 50, 1), (20, 95, 19), (21, 95, 20), (4, 100, 4)]
)
def test_percentiles_use_the_nearest_rank(count: int, percent: int, expected: int) -> None:
    assert percentile(list(map(float, range(1, count + 1))), percent) == expected
    assert percentile([], percent) is None
