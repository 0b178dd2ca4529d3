from uuid import UUID

import pytest
from sacrebleu.metrics.chrf import CHRF
from sqlalchemy import Connection

from vong import evals
from vong.errors import Conflict, InvalidInput
from vong.evals import EvalSettings, recorded_runs
from vong.evals.recorded_runs import RecordedOutput, RecordedRun
from vong.records import Example

from .tickets import Scope, TableModel, version

SCORERS = ("exact_match", "json_fields", "chrf")


def finished(
    scope: Scope, examples: list[Example], wrong_answers: set[int], *, content: str = "a", limit: int = 99
) -> UUID:
    model = TableModel(examples)
    model.wrong_answers = {examples[i].prompt_text: '{"product": "?"}' for i in wrong_answers}
    dataset = version({"test": len(examples)}, content)
    with scope() as connection:
        settings = EvalSettings(limit=limit)
        id = evals.create_run(
            connection, model="m", dataset=dataset, split="test", scorers=SCORERS, settings=settings
        ).id
    return evals.run(scope, id, examples, model).id


def test_two_runs_are_compared_with_interval_exact_test_and_changed_examples(
    scope: Scope, examples: list[Example]
) -> None:
    a = finished(scope, examples, set(range(8)))
    b = finished(scope, examples, {0, 11})
    with scope() as connection:
        found = evals.compare(connection, a, b)
    match = found.metrics["exact_match"]
    assert (match.n, match.wins, match.losses, match.ties) == (12, 7, 1, 4)
    assert match.difference == pytest.approx(10 / 12 - 4 / 12)
    assert 0 < match.low < match.difference < match.high <= 1
    assert match.mcnemar_p == pytest.approx(2 * 9 / 256)
    assert match.minimum_detectable is not None
    assert found.changed == 8
    assert {change.position for change in found.changes} == {1, 2, 3, 4, 5, 6, 7, 11}
    assert found.changes[0].a != found.changes[0].b
    chrf = found.metrics["chrf"]
    assert chrf.mcnemar_p is None
    answers = ['{"product": "?"}' if i in {0, 11} else example.completion_text for i, example in enumerate(examples)]
    assert chrf.b == CHRF().corpus_score(answers, [[example.completion_text for example in examples]]).score
    assert chrf.low < chrf.difference < chrf.high


def test_a_run_compared_with_itself_has_no_difference(scope: Scope, examples: list[Example]) -> None:
    a = finished(scope, examples, {1, 2})
    with scope() as connection:
        found = evals.compare(connection, a, a)
    match = found.metrics["exact_match"]
    assert (match.difference, match.low, match.high, match.mcnemar_p) == (0, 0, 0, 1)
    assert match.minimum_detectable is None
    assert found.changes == ()


def test_runs_with_different_limits_are_compared_on_their_common_examples(
    scope: Scope, examples: list[Example]
) -> None:
    a, b = finished(scope, examples, {1}), finished(scope, examples, set(), limit=5)
    with scope() as connection:
        found = evals.compare(connection, a, b)
        changed = evals.list_outputs(connection, a, changed_from=b)
    assert (found.n, found.left_out) == (5, 7)
    assert len(changed) == found.changed


def test_runs_over_different_examples_and_unfinished_runs_are_rejected(scope: Scope, examples: list[Example]) -> None:
    a, b = finished(scope, examples, set()), finished(scope, examples, set(), content="c")
    with scope() as connection:
        with pytest.raises(InvalidInput, match="cannot compare runs over different examples"):
            evals.compare(connection, a, b)
        dataset = version({"test": 12})
        waiting = evals.create_run(
            connection, model="m", dataset=dataset, split="test", scorers=SCORERS, settings=EvalSettings()
        )
        with pytest.raises(Conflict, match="is queued"):
            evals.compare(connection, a, waiting.id)


@pytest.mark.parametrize(("sign", "is_worse"), [(1, True), (-1, False)])
def test_few_large_losses_outweigh_many_small_wins(connection: Connection, sign: int, is_worse: bool) -> None:
    """The direction of a difference is that of the mean, not that of the numbers of wins and losses."""
    changes = [0.01] * 30 + [-0.9] * 12
    runs: list[UUID] = []
    for factor in (0, sign):
        outputs = tuple(
            RecordedOutput(prompt=str(i), scores={"score": 0.5 + factor * change}) for i, change in enumerate(changes)
        )
        run = RecordedRun(source="pytest", model="m", dataset="task", outputs=outputs)
        runs.append(recorded_runs.store(connection, run).id)
    found = evals.compare(connection, *runs).metrics["score"]
    assert (found.wins > found.losses) == is_worse
    assert found.adjusted_p < 0.05
    assert found.is_worse(0.05) == is_worse
