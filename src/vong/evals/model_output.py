"""Output of a model call, as the runner, the scorers and the judges receive it."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from vong.records import Message, Usage


class ModelOutput(NamedTuple):
    """Output of a model: text, recording span, latency in milliseconds and token usage, or an `error`.

    `message` is the assistant's whole message with tool calls and reasoning, `finish_reason` the reason why the model
    stopped. `length` means that the output was truncated. `samples` are the texts of all outputs if there are several.
    """

    text: str
    span_id: UUID | None
    latency_ms: float
    usage: Usage
    error: str | None = None
    message: Message | None = None
    finish_reason: str | None = None
    samples: tuple[str, ...] = ()


def merge_samples(outputs: Sequence[ModelOutput]) -> ModelOutput:
    """Return the first of several outputs of one example, with the texts and the usage of all.

    If one of them failed, it is returned instead.
    """
    first = next((output for output in outputs if output.error is not None), outputs[0])
    if len(outputs) == 1 or first.error is not None:
        return first
    usage = Usage(
        input_tokens=_sum_known([output.usage.input_tokens for output in outputs]),
        output_tokens=_sum_known([output.usage.output_tokens for output in outputs]),
        cost=_sum_known([output.usage.cost for output in outputs]),
    )
    return first._replace(samples=tuple(output.text for output in outputs), usage=usage)


def _sum_known(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
