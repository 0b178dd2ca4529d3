"""Guards of requests and responses: configuration, results and self-test."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from vong.records.record import Record

GuardDirection = Literal["input", "output", "both"]
GuardAction = Literal["block", "mask", "flag", "retry"]
GuardedRole = Literal["system", "user", "assistant", "tool"]
MAX_GUARDS = 50
"""Maximum number of guards of a project or a route."""


class GuardConfig(Record):
    """Configuration of one guard.

    The action `block` rejects the text, `mask` replaces each detection by a placeholder, `flag` records the detections,
    `retry` (responses only) calls the model once more and blocks on a second detection. `settings` are the settings of
    the guard. `roles` are the message roles that the guard checks in requests; empty uses the default of the guard.
    Responses are always checked if `on` covers output.
    """

    guard: str = Field(max_length=100)
    on: GuardDirection = "both"
    action: GuardAction = "block"
    roles: tuple[GuardedRole, ...] = ()
    settings: dict[str, Any] = {}


class ProjectGuards(Record):
    """Guards that apply to every call of a project, before the guards of its route. `version` is their hash."""

    version: str
    guards: tuple[GuardConfig, ...] = ()
    changed_at: datetime | None = None


class GuardOutcome(Record):
    """Result of one guard: detections by kind and the applied action, `none` if nothing was detected."""

    guard: str
    on: Literal["input", "output"]
    action: Literal["block", "mask", "flag", "retry", "none"]
    found: dict[str, int] = {}
    ms: float


class GuardType(Record):
    """Installed guard: description, supported actions and settings as a JSON schema."""

    name: str
    description: str
    actions: tuple[GuardAction, ...]
    streams: str
    settings: dict[str, Any]


class GuardTestResult(Record):
    """Result of checking a text with guards: the resulting text (null if blocked) and the outcome of each guard."""

    text: str | None
    blocked_by: str | None
    outcomes: list[GuardOutcome]


class SelfTestReport(Record):
    """Result of the masking self-test: a fake card number is sent on every path through the gateway.

    `leaks` lists the paths on which the number was not masked.
    """

    passed: bool
    cases: int
    leaks: list[str]
    ms: float
    created_at: datetime
