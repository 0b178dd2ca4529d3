"""Sample generation of a training run."""

from pydantic import Field

from vong.records.record import Record


class TrainingSample(Record):
    """Output of the model in training for a fixed validation prompt, beside the reference and the output of the base.

    `step` is the number of completed steps (0: the base), `number` the position of the prompt. `scores` are the metrics
    of the scorers of the run.
    """

    step: int = Field(ge=0, le=2**31 - 1)
    number: int = Field(ge=0, le=10_000)
    prompt: str
    reference: str = ""
    base_output: str = ""
    output: str
    scores: dict[str, float] = {}


class RunSamples(Record):
    """Samples of one step of a run. `steps` are all steps that have samples, in ascending order."""

    steps: tuple[int, ...] = ()
    step: int | None = None
    samples: tuple[TrainingSample, ...] = ()
