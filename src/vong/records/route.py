"""A named way from a request to the models that may answer it."""

from datetime import datetime

from vong.records.record import Record


class Target(Record):
    """One model that a route may choose.

    `model` is written as a caller would write it: `deployment/NAME` for a local deployment, `PROVIDER/MODEL` for a
    provider (`openai/gpt-4o-mini`, `echo/echo`). `weight` is its share against the other targets' weights.
    """

    model: str
    weight: float = 1.0


class Route(Record):
    """A route: callers name it in the request's `model` field. `version` is a hash of the targets."""

    name: str
    version: str
    targets: tuple[Target, ...]
    created_at: datetime
    updated_at: datetime
