"""Comparisons of evaluations connected to datasets: slices of the examples, and datasets of regressions."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection

from vong import data, evals
from vong.app.platform import Platform
from vong.errors import InvalidInput
from vong.evals import comparison, runs, scoring
from vong.evals.comparison import EvalComparison
from vong.evals.eval_change import ChangeFilter, EvalChange, Outcome
from vong.evals.prompting import choose_examples
from vong.evals.slices import assign_slices
from vong.records import DatasetVersion, EvalResult, Example, Operation
from vong.records.name import check_versioned_name


def compare(
    platform: Platform, connection: Connection, a: UUID, b: UUID, *, changes: int = 20, slices: Sequence[str] = ()
) -> EvalComparison:
    """Compare two runs, also in each slice of the specifications."""
    assigned = _assign_slices(platform, connection, runs.get_run(connection, a), slices) if slices else None
    return comparison.compare(connection, a, b, changes=changes, slices=assigned)


def find_changes(
    platform: Platform,
    connection: Connection,
    a: UUID,
    b: UUID,
    *,
    metric: str | None = None,
    outcome: Outcome | None = None,
    text: str | None = None,
    slice: str | None = None,
) -> ChangeFilter:
    """Return the filter of examples of two comparable runs. The default metric is the first common one.

    Raises: InvalidInput if the runs have no such metric or no such slice.
    """
    before, after = runs.get_run(connection, a), runs.get_run(connection, b)
    comparison.check_comparable(before, after)
    common = [name for name in before.scores if name in after.scores]
    chosen = metric or next(iter(common), "")
    if chosen not in common:
        raise InvalidInput(f"the two runs have no metric {chosen!r} in common", f"they have: {', '.join(common)}")
    scorer = scoring.find_scorer(comparison.common_scorers(before, after), chosen)
    positions = None
    if slice is not None:
        name = slice.partition("=")[0]
        kinds = [name] if name in {"language", "length", "label"} else [f"label:{name}", f"tag:{name}"]
        found = [_assign_slices(platform, connection, before, [kind]).get(slice) for kind in kinds]
        positions = next((one for one in found if one), None)
        if positions is None:
            raise InvalidInput(
                f"no evaluated example is in the slice {slice!r}", "write NAME=VALUE, such as language=vi"
            )
    return ChangeFilter(chosen, outcome, scorer is None or scorer.higher_is_better is not False, text, positions)


def save_changes(
    platform: Platform, connection: Connection, a: UUID, b: UUID, dataset: str, selected: ChangeFilter
) -> DatasetVersion:
    """Append the selected examples to a dataset, with both outputs in their metadata.

    Raises: InvalidInput if no example is selected, or the runs were imported and have no dataset.
    """
    from vong.evals.paired_outputs import list_changes

    check_versioned_name(dataset, "dataset")
    before = runs.get_run(connection, a)
    changes = {change.position: change for change in list_changes(connection, a, b, selected, limit=None)}
    if not changes:
        raise InvalidInput(
            f"no example is a {selected.outcome or 'result'} on {selected.metric!r}",
            "choose another metric or outcome",
        )
    examples = [
        _with_outputs(example, changes[position], selected)
        for position, example in enumerate(_read_examples(platform, connection, before))
        if position in changes
    ]
    settings = {"a": str(a), "b": str(b), "metric": selected.metric, "outcome": selected.outcome or "all"}
    operation = Operation(name="regressions", settings=settings, changes={"added": len(examples)})
    return data.append(connection, platform.blobs, dataset, examples, operation)


def _with_outputs(example: Example, change: EvalChange, selected: ChangeFilter) -> Example:
    scores = {"a": change.a_scores.get(selected.metric), "b": change.b_scores.get(selected.metric)}
    compared = {"a": change.a, "b": change.b, "metric": selected.metric, "scores": scores}
    return example.model_copy(update={"metadata": {**example.metadata, "compared": compared}})


def _read_examples(platform: Platform, connection: Connection, run: EvalResult) -> list[Example]:
    if run.source is not None:
        raise InvalidInput(
            f"evaluation {str(run.id)!r} was imported from {run.source} and has no dataset here",
            "import its examples with: vong data import, and evaluate them here",
        )
    return list(data.read(platform.blobs, data.find(connection, run.dataset), split=run.split))


def _assign_slices(
    platform: Platform, connection: Connection, run: EvalResult, slices: Sequence[str]
) -> dict[str, frozenset[int]]:
    settings = evals.EvalSettings.model_validate(run.settings)
    return assign_slices(choose_examples(_read_examples(platform, connection, run), settings), slices)
