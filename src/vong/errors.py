"""Errors sorted by whose fault they are; each says the next step.

A user's mistake never shows a traceback: surfaces turn a `VongError` into an exit code, a problem document
(RFC 9457) or OpenAI's error shape. Whatever is not a `VongError` is ours and is logged with its traceback.
"""

from difflib import get_close_matches
from typing import ClassVar, Literal

Fault = Literal["caller", "configuration", "upstream", "ours"]


class VongError(Exception):
    """The root. `code` is stable and documented, `hint` the next step, `status` the HTTP status."""

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
    """What was sent cannot be used as it is."""

    code, fault, status = "invalid_input", "caller", 422


class Unsupported(InvalidInput):
    """What was asked is sound, but the model or API that was named cannot do it. Another one may."""

    code, status = "unsupported", 400


class NotFound(VongError):
    """What was named does not exist (or belongs to another project)."""

    code, fault, status = "not_found", "caller", 404


class Conflict(VongError):
    """It exists already, or its state forbids what was asked."""

    code, fault, status = "conflict", "caller", 409


class Unauthenticated(VongError):
    """No key, or a key that is unknown, expired or revoked."""

    code, fault, status = "unauthenticated", "caller", 401


class Forbidden(VongError):
    """The key is good, but its role does not allow this."""

    code, fault, status = "forbidden", "caller", 403


class OutOfScope(Forbidden):
    """The key is good, but it is for other models, other shapes, or for calls alone."""

    code = "out_of_scope"


class CrossSite(Forbidden):
    """A browser sent a signed-in person's cookie from a page of another site."""

    code = "cross_site"


class TooManyAttempts(VongError):
    """Too many failed attempts to sign in; `retry_after` is the number of seconds until the next may be made."""

    code, fault, status = "too_many_attempts", "caller", 429
    retry_after: int | None = None


class RateLimitExceeded(VongError):
    """More was called than a limit allows; `retry_after` is the number of seconds until it begins anew, `limit` what is
    limited.
    """

    code, fault, status = "limit_reached", "caller", 429
    retry_after: int | None = None
    limit = "requests"


class BudgetExceeded(VongError):
    """What is left of a budget does not cover what the call may cost."""

    code, fault, status = "budget_spent", "caller", 402
    limit = "cost"


class PriceUnknown(VongError):
    """A budget holds, and nobody knows what the model costs."""

    code, fault, status = "unpriced", "configuration", 402
    limit = "cost"


class PreconditionFailed(VongError):
    """Vong refuses on evidence: a failed parity check, a promotion without proof."""

    code, fault, status = "refused", "caller", 409


class ContentBlocked(VongError):
    """A guard found in a text what is not let through. It is named, the text never."""

    code, fault, status = "content_blocked", "caller", 400


class GuardFailed(VongError):
    """A guard could not look at a text, and is set to let nothing through then."""

    code, fault, status = "guard_failed", "configuration", 503


class Misconfigured(VongError):
    """A setting is wrong or missing."""

    code, fault, status = "misconfigured", "configuration", 500


class MissingExtra(Misconfigured):
    """A library that this feature needs is not installed."""

    code = "missing_extra"

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(f"{library!r} is not installed", f"install it with: pip install 'vong[{extra}]'")


class UpstreamFailed(VongError):
    """A provider or an engine answered with an error or not at all."""

    code, fault, status = "upstream_failed", "upstream", 502


class UpstreamTimeout(UpstreamFailed):
    """A provider or an engine took longer than its limit."""

    code, status = "upstream_timeout", 504


class Unavailable(VongError):
    """A part of Vong is not running or not ready yet."""

    code, fault, status = "unavailable", "ours", 503


class DataCorrupted(VongError):
    """Stored bytes are not what was stored: a disk or somebody changed them."""

    code, fault, status = "damaged", "ours", 500


class JobCancelled(VongError):
    """Raised inside a job when its cancellation was asked for."""

    code, fault, status = "cancelled", "caller", 409


def nearest(name: str, names: list[str], listing: str) -> str:
    """The hint for an unknown name: the closest known one, and the command that lists them all."""
    close = get_close_matches(name, names, n=1)
    meant = f"did you mean {close[0]!r}? " if close else ""
    return f"{meant}list them with: {listing}"
