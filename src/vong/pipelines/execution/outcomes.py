"""Outcomes of steps, from which the steps that follow are decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vong.errors import VongError
from vong.pipelines.graph import ERROR_PORT, Dependency
from vong.pipelines.run_records import RunError

UNRETRIED_CODES = frozenset(
    {
        *("budget_exceeded", "price_unknown", "unauthenticated", "forbidden", "out_of_scope", "cancelled"),
        *("content_blocked", "misconfigured", "missing_extra", "not_found", "unsupported"),
    }
)
"""Codes of errors with which a second attempt would fail as well."""


@dataclass(slots=True)
class Outcome:
    """Outcome of a step."""

    state: Literal["succeeded", "skipped"]
    outputs: dict[str, Any] = field(default_factory=dict)
    port: str | None = None


SKIPPED = Outcome("skipped")


def is_satisfied(dependency: Dependency, outcomes: Mapping[str, Outcome]) -> bool:
    """Return whether the outcome of a step lets a step run that depends on it."""
    outcome = outcomes[dependency.step]
    if outcome.state == "skipped":
        return False
    if dependency.port is not None:
        return outcome.port == dependency.port
    return (outcome.port == ERROR_PORT) == dependency.reads_error


def to_run_error(error: VongError, step: str | None) -> RunError:
    """Return an error as it is stored and sent."""
    where = getattr(error, "step_path", None) or step
    return RunError(message=error.message, code=error.code, hint=error.hint, step=where)


def set_step(error: VongError, path: str) -> None:
    """Name the step in which an error occurred first."""
    if getattr(error, "step_path", None) is None:
        error.__dict__["step_path"] = path


def may_retry(error: VongError) -> bool:
    """Return whether a second attempt may succeed."""
    return error.code not in UNRETRIED_CODES and not ends_run(error)


def ends_run(error: VongError) -> bool:
    """Return True if an error ends the run even if the step handles errors."""
    return bool(getattr(error, "ends_run", False))


def make_final(error: VongError) -> VongError:
    """Mark an error as one that ends the run, and return it."""
    error.__dict__["ends_run"] = True
    return error
