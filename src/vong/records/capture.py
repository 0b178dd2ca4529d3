"""Capture policy: the calls whose request and response bodies are stored."""

from typing import Annotated, Literal

from pydantic import Field

Capture = Literal["full", "metadata"] | Annotated[float, Field(gt=0, lt=1)]
"""`full` stores the bodies of all calls, `metadata` of none, a number those of that share of the traces."""


def should_capture(capture: Capture, trace_id: str) -> bool:
    """Check if the bodies of the calls of a trace are stored.

    All servers decide the same for all calls of a trace. The decision depends on the last eight digits of the trace id,
    which are random in every trace id format.
    """
    if isinstance(capture, str):
        return capture == "full"
    return int(trace_id[-8:], 16) < capture * 2**32
