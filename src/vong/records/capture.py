"""What a route keeps of its calls beside their figures."""

from typing import Annotated, Literal

from pydantic import Field

Capture = Literal["full", "metadata"] | Annotated[float, Field(gt=0, lt=1)]
"""`full` keeps what was asked and answered, `metadata` nothing of it, a number that share of the traces."""


def captured(capture: Capture, trace_id: str) -> bool:
    """Whether the bodies of a trace's calls are kept: a trace is kept whole or not at all, on every server alike. The
    last eight digits decide, which every way of making trace ids draws at random.
    """
    if isinstance(capture, str):
        return capture == "full"
    return int(trace_id[-8:], 16) < capture * 2**32
