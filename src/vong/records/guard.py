"""What stands guard over the texts of calls, and what it did."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from vong.records.record import Record

On = Literal["input", "output", "both"]
Action = Literal["block", "mask", "flag", "retry"]
Role = Literal["system", "user", "assistant", "tool"]


class GuardConfig(Record):
    """One guard at its post. `block` refuses the text, `mask` puts placeholders in place of what was found, `flag`
    notes it, `retry` (of answers) asks the model once more, and blocks the second time.

    `settings` are the guard's own. `roles` are those whose texts it reads in requests, its own choice where none is
    said; what the model answers is always read where `on` covers output.
    """

    guard: str = Field(max_length=100)
    on: On = "both"
    action: Action = "block"
    roles: tuple[Role, ...] = ()
    settings: dict[str, Any] = {}


class ProjectGuards(Record):
    """The guards that hold for every call of a project, before those of its route. `version` is a hash of them."""

    version: str
    guards: tuple[GuardConfig, ...] = ()
    changed_at: datetime | None = None


class GuardOutcome(Record):
    """What one guard found: how often each kind. `action` is what was done of it, `none` where nothing was found."""

    guard: str
    on: Literal["input", "output"]
    action: Literal["block", "mask", "flag", "retry", "none"]
    found: dict[str, int] = {}
    ms: float


class GuardType(Record):
    """A guard that is installed: what it does, its actions, and its settings as a JSON schema."""

    name: str
    about: str
    actions: tuple[Action, ...]
    streams: str
    settings: dict[str, Any]


class GuardTestResult(Record):
    """A text that was held against guards: what became of it (null where it was blocked), and what each found."""

    text: str | None
    blocked_by: str | None
    outcomes: list[GuardOutcome]


class SelfTestReport(Record):
    """Whether a made-up card number was masked on every way through the gateway; `leaks` names the ways where not."""

    passed: bool
    ways: int
    leaks: list[str]
    ms: float
    at: datetime
