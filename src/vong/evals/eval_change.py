"""Example of two compared runs."""

from vong.records import Record


class EvalChange(Record):
    """An example of both runs: both outputs and their scores."""

    position: int
    example: str
    prompt: str
    reference: str
    a: str
    b: str
    a_scores: dict[str, float]
    b_scores: dict[str, float]
