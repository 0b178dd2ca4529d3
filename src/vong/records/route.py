"""Route: a public model name and the targets behind it."""

from datetime import datetime
from typing import Any, NamedTuple, Self

from pydantic import Field, model_validator

from vong.errors import InvalidInput
from vong.records.cache import CachePolicy, ShadowPolicy
from vong.records.capture import Capture
from vong.records.guard import MAX_GUARDS, GuardConfig
from vong.records.record import Record
from vong.records.routing_tree import ConcurrencyCap, RouteNode

PROMPT_SEPARATOR = "+prompt/"
"""Text between the model and the prompt of a target key."""


class TargetKey(NamedTuple):
    """Model and prompt of a target. Its text is `MODEL`, or `MODEL+prompt/REF` for a target with a stored prompt."""

    model: str
    prompt: str | None = None

    @classmethod
    def parse(cls, text: str) -> "TargetKey":
        """Return the parts of a target key."""
        model, separator, prompt = text.partition(PROMPT_SEPARATOR)
        return cls(model, prompt) if separator else cls(text)

    def __str__(self) -> str:
        return self.model if self.prompt is None else f"{self.model}{PROMPT_SEPARATOR}{self.prompt}"


class RouteTarget(Record):
    """Model that a route may call, and the stored prompt that is sent to it.

    `model` is written as in a request: `deployment/NAME` for a local deployment, `PROVIDER/MODEL` for a provider
    (`openai/gpt-4o-mini`, `echo/echo`). `weight` is relative to the weights of the other targets. `prompt` is the ref
    of a prompt (`NAME:LABEL`, `NAME@NUMBER`, `NAME@HASH`) whose messages precede those of the caller.
    `MODEL+prompt/REF` as `model` sets both.
    """

    model: str
    weight: float = 1.0
    prompt: str | None = Field(default=None, min_length=1, max_length=200)

    @model_validator(mode="before")
    @classmethod
    def _split_key(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not isinstance(values.get("model"), str):
            return values
        key = TargetKey.parse(values["model"])
        if key.prompt is None:
            return values
        if values.get("prompt") not in (None, key.prompt):
            raise ValueError(f"target {values['model']!r} also sets prompt {values['prompt']!r}: name one prompt")
        return {**values, "model": key.model, "prompt": key.prompt}

    @property
    def key(self) -> str:
        """Return the name that identifies the target within its route: `MODEL` or `MODEL+prompt/REF`."""
        return str(TargetKey(self.model, self.prompt))

    def dump(self) -> dict[str, Any]:
        """Return the stored form, without a field for a missing prompt, so that hashes of routes are stable."""
        return self.model_dump(exclude_none=True)


class Timeouts(Record):
    """Timeouts of one attempt, in seconds. The `timeout` of the provider applies as well: the shorter one wins.
    In a stream that `timeout` limits the time without data.

    `connect` is 5 because a healthy host connects in well under a second, and a lost packet is sent again after 1 s and
    3 s. `first_token` is 60 because long prompts and reasoning models send nothing for a long time. `between_tokens` is
    30 because no usable model takes longer for the next token. `total` applies to complete responses and streams; null
    uses the timeout of the provider.
    """

    connect: float = Field(default=5.0, gt=0, le=3600)
    first_token: float = Field(default=60.0, gt=0, le=3600)
    between_tokens: float = Field(default=30.0, gt=0, le=3600)
    total: float | None = Field(default=None, gt=0, le=3600)


class CircuitBreakerPolicy(Record):
    """Circuit breaker policy of a target.

    After `failures` failures within `window` seconds the circuit opens for `open_seconds`, then one call probes the
    target. The default of 5 failures in 30 s is more than chance and limits how many callers wait for a failing target.
    """

    failures: int = Field(default=5, ge=1, le=1000)
    window: float = Field(default=30.0, gt=0, le=3600)
    open_seconds: float = Field(default=15.0, gt=0, le=3600)


class RoutePolicy(Record):
    """Policy of a route: retries, fallbacks, timeouts, cache, shadow traffic, guards and capture.

    If a target fails before its first token, it is retried `retries` times (1 recovers from a connection reset), then
    the `fallbacks` are tried in order. `cap` limits the concurrent calls per target. With `continue_streams` the next
    target continues a stream that breaks after its first token. `cache` configures the response cache, `shadow` the
    shadow target. `guards` run after the guards of the project. `capture` selects the calls whose bodies are stored: in
    spans, in the cache and in shadow results.
    """

    fallbacks: tuple[str, ...] = Field(default=(), max_length=20)
    retries: int = Field(default=1, ge=0, le=10)
    timeout: Timeouts = Timeouts()
    breaker: CircuitBreakerPolicy = CircuitBreakerPolicy()
    cap: ConcurrencyCap | None = None
    continue_streams: bool = False
    cache: CachePolicy | None = None
    shadow: ShadowPolicy | None = None
    guards: tuple[GuardConfig, ...] = Field(default=(), max_length=MAX_GUARDS)
    capture: Capture = "full"

    @model_validator(mode="after")
    def _check_capture(self) -> Self:
        if self.capture == "metadata" and (self.cache or self.shadow):
            raise ValueError(
                "cache and shadow store bodies, which capture 'metadata' forbids: remove both or set another capture"
            )
        return self


class Route(Record):
    """Route, which callers name in the `model` field of a request.

    `version` is a hash of the targets and, if present, of the policy and the tree. Without both a call has one attempt.
    A tree defines the order of the targets; `targets` then lists them with the weight 1.
    """

    name: str
    version: str
    targets: tuple[RouteTarget, ...]
    policy: RoutePolicy | None = None
    tree: RouteNode | None = None
    created_at: datetime
    updated_at: datetime


def check_target_name(model: str) -> None:
    """Check that a target is written as `deployment/NAME` or `PROVIDER/MODEL`, with `+prompt/REF` after it or without.

    Raises:
        InvalidInput: a part before or after the slash is missing.
    """
    target = TargetKey.parse(model)
    provider, _, name = target.model.partition("/")
    if not provider or not name or target.prompt == "":
        raise InvalidInput(f"{model!r} is not a target", "write deployment/NAME or PROVIDER/MODEL, e.g. echo/echo")
