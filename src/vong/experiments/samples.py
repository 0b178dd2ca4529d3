"""Sample generations of training runs: outputs per step, beside prompt, reference and output of the base."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, select

from vong.errors import NotFound
from vong.experiments import tables
from vong.experiments.runs import get_run
from vong.jobs.json_values import to_jsonb_safe
from vong.records import TrainingSample
from vong.records.sample import RunSamples


def log_samples(connection: Connection, run_id: UUID, samples: Sequence[TrainingSample]) -> None:
    """Store samples, replacing earlier ones of the same step and number.

    Raises:
        NotFound: The run does not exist.
    """
    get_run(connection, run_id)
    if not samples:
        return
    rows = [{"run_id": run_id, **to_jsonb_safe(sample.model_dump(mode="json"))} for sample in samples]
    tables.upsert(connection, tables.prompts, rows, ("run_id", "number"))
    tables.upsert(connection, tables.samples, rows, ("run_id", "step", "number"))
    tables.notify_run_changed(connection, run_id)


def load_samples(connection: Connection, run_id: UUID, step: int | None = None) -> RunSamples:
    """Return the samples of a step, or of the last step that has some.

    Raises:
        NotFound: The run does not exist, or the step has no samples.
    """
    get_run(connection, run_id)
    outputs, prompts = tables.samples.c, tables.prompts.c
    steps_query = select(outputs.step).where(outputs.run_id == run_id).distinct().order_by(outputs.step)
    steps = tuple(connection.scalars(steps_query))
    if step is not None and step not in steps:
        known = ", ".join(map(str, steps)) or "none"
        raise NotFound(f"run {str(run_id)!r} has no samples of step {step}", f"steps with samples: {known}")
    if not steps:
        return RunSamples()
    step = steps[-1] if step is None else step
    query = (
        select(outputs.step, outputs.number, prompts.prompt, prompts.reference, prompts.base_output)
        .add_columns(outputs.output, outputs.scores)
        .join(tables.prompts, (prompts.run_id == outputs.run_id) & (prompts.number == outputs.number))
        .where(outputs.run_id == run_id, outputs.step == step)
        .order_by(outputs.number)
    )
    found = [TrainingSample.model_validate(dict(row)) for row in connection.execute(query).mappings()]
    return RunSamples(steps=steps, step=step, samples=tuple(found))
