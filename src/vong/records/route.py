"""A named way from a request to the models that may answer it."""

from datetime import datetime
from typing import Self

from pydantic import Field, model_validator

from vong.errors import InvalidInput
from vong.records.cache import CachePolicy, ShadowPolicy
from vong.records.capture import Capture
from vong.records.guard import GuardConfig
from vong.records.record import Record
from vong.records.routing_tree import ConcurrencyCap, RouteNode


class RouteTarget(Record):
    """One model that a route may choose.

    `model` is written as a caller would write it: `deployment/NAME` for a local deployment, `PROVIDER/MODEL` for a
    provider (`openai/gpt-4o-mini`, `echo/echo`). `weight` is its share against the other targets' weights.
    """

    model: str
    weight: float = 1.0


class Timeouts(Record):
    """How long one attempt may take, in seconds. The provider's own `timeout` holds beside them: the shorter wins.

    A healthy host connects in well under a second, and a lost packet is sent again after 1 and after 3: hence 5. Long
    prompts and models that think first are silent for long, hence 60 to the first token of a stream; no model that is
    of use takes 30 for the next one. `total` is for whole answers and streams alike; null leaves it to the provider.
    """

    connect: float = Field(default=5.0, gt=0, le=3600)
    first_token: float = Field(default=60.0, gt=0, le=3600)
    between_tokens: float = Field(default=30.0, gt=0, le=3600)
    total: float | None = Field(default=None, gt=0, le=3600)


class CircuitBreakerPolicy(Record):
    """When a target rests: after `failures` within `window` seconds it is passed over for `pause` seconds, then one
    call tries it. Five in 30 s is more than chance and fewer than a crowd of callers would wait for.
    """

    failures: int = Field(default=5, ge=1, le=1000)
    window: float = Field(default=30.0, gt=0, le=3600)
    pause: float = Field(default=15.0, gt=0, le=3600)


class RoutePolicy(Record):
    """What a route does when a target fails before its first token: it is asked again `retries` times (1 gets over a
    connection that was reset), then the `fallbacks` are, in their order. `cap` bounds the calls that a target gets at
    once. With `continue_streams` a stream that breaks off after its first token is gone on with by the next target.
    `cache` says which answers are given again, `shadow` who else is asked. `guards` look at what passes, after those of
    the project. `capture` says which calls' bodies are kept: in spans, in the cache and in comparisons.
    """

    fallbacks: tuple[str, ...] = Field(default=(), max_length=20)
    retries: int = Field(default=1, ge=0, le=10)
    timeout: Timeouts = Timeouts()
    breaker: CircuitBreakerPolicy = CircuitBreakerPolicy()
    cap: ConcurrencyCap | None = None
    continue_streams: bool = False
    cache: CachePolicy | None = None
    shadow: ShadowPolicy | None = None
    guards: tuple[GuardConfig, ...] = Field(default=(), max_length=50)
    capture: Capture = "full"

    @model_validator(mode="after")
    def _has_something_to_keep(self) -> Self:
        if self.capture == "metadata" and (self.cache or self.shadow):
            raise ValueError("a cache and a shadow keep bodies, which capture metadata forbids: leave one of them out")
        return self


class Route(Record):
    """A route: callers name it in the request's `model` field. `version` is a hash of the targets, and of the policy
    and the tree where there are some. Without either a call is tried once. Where there is a tree it says in which order
    targets are asked; `targets` then lists them, each with the weight 1.
    """

    name: str
    version: str
    targets: tuple[RouteTarget, ...]
    policy: RoutePolicy | None = None
    tree: RouteNode | None = None
    created_at: datetime
    updated_at: datetime


def check_target_name(model: str) -> None:
    """Check that a target is written as `deployment/NAME` or `PROVIDER/MODEL`.

    Raises:
        InvalidInput: a part before or after the slash is missing.
    """
    provider, _, name = model.partition("/")
    if not provider or not name:
        raise InvalidInput(f"{model!r} is not a target", "write deployment/NAME or PROVIDER/MODEL, e.g. echo/echo")
