"""Exception hierarchy: every error names who has to act, a stable code and the next step.

The CLI turns a `VongError` into an exit code, the API into a problem document (RFC 9457) or an OpenAI error object.
A user error therefore never shows a traceback. Any other exception is a bug in Vong and is logged with its traceback.
"""

import json
from difflib import get_close_matches
from typing import Any, ClassVar, Literal

Fault = Literal["caller", "configuration", "upstream", "ours"]


class VongError(Exception):
    """Bug in Vong; the base class of all errors. The traceback is in `logs/server.log` of the home folder.

    `code` is stable and documented, `fault` says who has to act, `hint` is the next step, `status` the HTTP status.
    """

    code: ClassVar[str] = "internal"
    fault: ClassVar[Fault] = "ours"
    status: ClassVar[int] = 500

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class InvalidInput(VongError):
    """Invalid input: the content of a request, a file, an option or an argument."""

    code, fault, status = "invalid_input", "caller", 422


class ContextLengthExceeded(InvalidInput):
    """Prompt that is longer than the context of a local model. The code is that of OpenAI, which clients recognise."""

    code = "context_length_exceeded"


class Unsupported(InvalidInput):
    """Valid request that the named model or API does not support. Another model or API may support it."""

    code, status = "unsupported", 400


class NotFound(VongError):
    """Object that does not exist or belongs to another project. The message suggests the nearest name."""

    code, fault, status = "not_found", "caller", 404


class Conflict(VongError):
    """Object that exists already, or whose state does not allow the operation."""

    code, fault, status = "conflict", "caller", 409


class Unauthenticated(VongError):
    """Missing, unknown, expired or revoked key."""

    code, fault, status = "unauthenticated", "caller", 401


class Forbidden(VongError):
    """Valid key whose role does not allow the operation."""

    code, fault, status = "forbidden", "caller", 403


class OutOfScope(Forbidden):
    """Valid key whose scope does not allow the call. The message lists the allowed calls."""

    code = "out_of_scope"


class CrossSite(Forbidden):
    """Session cookie that a browser sent from a page of another site."""

    code = "cross_site"


class TooManyAttempts(VongError):
    """Too many failed sign-in attempts. The message contains the time of the next allowed attempt.

    `retry_after` is the number of seconds until that time.
    """

    code, fault, status = "too_many_attempts", "caller", 429
    retry_after: int | None = None


class RateLimitExceeded(VongError):
    """Call that exceeds a limit on requests or tokens.

    `retry_after` is the number of seconds until the limit resets, `limit` the metric that is limited.
    """

    code, fault, status = "rate_limit_exceeded", "caller", 429
    retry_after: int | None = None
    limit = "requests"


class BudgetExceeded(VongError):
    """Call whose worst-case cost exceeds the remaining amount of a budget."""

    code, fault, status = "budget_exceeded", "caller", 402
    limit = "cost"


class PriceUnknown(VongError):
    """Call under a budget to a model whose price is unknown."""

    code, fault, status = "price_unknown", "configuration", 402
    limit = "cost"


class PreconditionFailed(VongError):
    """Operation that the evidence forbids: a failed parity check, a promotion without proof."""

    code, fault, status = "precondition_failed", "caller", 409


class GateRejected(PreconditionFailed):
    """Candidate that a gate rejects. `decision` has the result of every requirement, and is stored."""

    def __init__(self, message: str, hint: str = "", decision: Any = None) -> None:
        super().__init__(message, hint)
        self.decision = decision


class ContentBlocked(VongError):
    """Text blocked by a guard. The message names the guard and the kind of detection, never the text."""

    code, fault, status = "content_blocked", "caller", 400


class GuardFailed(VongError):
    """Guard that could not check a text, so that the call is blocked."""

    code, fault, status = "guard_failed", "configuration", 503


class Misconfigured(VongError):
    """Invalid or missing setting."""

    code, fault, status = "misconfigured", "configuration", 500


class MissingExtra(Misconfigured):
    """Missing library of an optional feature. The message contains the install command."""

    code = "missing_extra"

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(f"{library!r} is not installed", f"install it with: pip install 'vong[{extra}]'")


class UpstreamFailed(VongError):
    """Error response, or no response, from a provider or an engine."""

    code, fault, status = "upstream_failed", "upstream", 502


class UpstreamTimeout(UpstreamFailed):
    """Provider or engine that exceeded its time limit."""

    code, status = "upstream_timeout", 504


class Unavailable(VongError):
    """Part of Vong that is not running or not ready yet.

    `retry_after` is the number of seconds after which a retry makes sense, if that is known.
    """

    code, fault, status = "unavailable", "ours", 503
    retry_after: int | None = None


class DataCorrupted(VongError):
    """Stored bytes that differ from what was written: changed by a disk fault or from outside."""

    code, fault, status = "data_corrupted", "ours", 500


class TrainingDiverged(VongError):
    """Training run whose loss or weights diverged again after all rewinds.

    `result` holds the best weights of the run, if there are any.
    """

    code, fault, status = "training_diverged", "caller", 409
    result: Any = None


class JobCancelled(VongError):
    """Job that was cancelled. Raised inside the job to stop it."""

    code, fault, status = "cancelled", "caller", 409


def did_you_mean(name: str, known_names: list[str], list_command: str) -> str:
    """Return the hint for an unknown name: the closest known name and the command that lists all names."""
    close = get_close_matches(name, [known for known in known_names if known != name], n=1)
    suggestion = f"did you mean {close[0]!r}? " if close else ""
    return f"{suggestion}list them with: {list_command}"


def parse_error(body: bytes) -> dict[str, Any]:
    """Return the error object of an error response, or an empty one if the body has none.

    Reads `error` of OpenAI's format. The `detail` of a problem document (RFC 9457) becomes the `message`.
    """
    try:
        decoded = json.loads(body)
    except ValueError:
        return {}
    error = (decoded.get("error") or decoded.get("detail")) if isinstance(decoded, dict) else None
    if isinstance(error, dict):
        return error
    return {"message": error} if error else {}


def error_message(error: Any) -> str:
    """Return the message of an error object in OpenAI's format, or an empty string."""
    text = error.get("message") if isinstance(error, dict) else error
    return str(text) if text else ""
