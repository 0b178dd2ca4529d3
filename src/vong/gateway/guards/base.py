"""Guard protocol and the types that guards share."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

from vong.gateway.upstream.client import UpstreamClient
from vong.records import Record

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

TextScope = Literal["all", "untrusted", "last"]
"""Texts of a request that a guard checks: all, those of users and tools, or the last user text."""
AskModel = Callable[[str, list[dict[str, Any]]], Awaitable[str]]
"""Send a conversation to a model of the gateway, given by name, and return its text."""
EmbedTexts: TypeAlias = Callable[[Sequence[str]], "npt.NDArray[np.float32]"]
"""Return the unit vectors of texts. Runs for long, so call it in a thread."""
CHECK_INTERVAL_CHARS = 200
"""Characters of a streamed response between two checks of a semantic guard. They are held back until the check is done.
"""


class Detection(NamedTuple):
    """Finding of a guard: `text[start:end]` for a guard with spans, otherwise the whole text."""

    kind: str
    start: int = 0
    end: int = 0
    score: float = 1.0


def _identity(secret: str, name: str) -> str:
    del name
    return secret


class GuardDependencies(NamedTuple):
    """Services that a guard may use besides the text."""

    embed: EmbedTexts
    upstream: UpstreamClient
    allow_link_local: bool = False
    decrypt: Callable[[str, str], str] = _identity
    """Decrypt a secret of the guard's settings (`secret_settings`)."""


class Guard(Protocol):
    """Check of texts. Created once per settings and used by many calls at the same time.

    `check` raises GuardFailed if the check itself fails. Run work that takes longer than a millisecond in a thread.
    """

    Settings: ClassVar[type[Record]]
    """Settings of the guard. Users see their JSON schema."""
    text_scope: ClassVar[TextScope]
    """Texts of a request to check: all texts, those of users and tools, or the last user text (its parts joined)."""
    check_interval: ClassVar[int | None]
    """Characters of a stream between two checks. None: check once, at the end."""

    def __init__(self, settings: Any, dependencies: GuardDependencies) -> None: ...

    async def check(self, text: str, ask: AskModel) -> Sequence[Detection]:
        """Return all detections in a text."""
        ...


@runtime_checkable
class SpanGuard(Protocol):
    """Guard whose detections have positions, in order and without overlaps.

    Only such detections can be masked. A stream through such a guard holds back only what may still become a detection.
    """

    def stable_length(self, text: str) -> int:
        """Return the length of the prefix that later text cannot change. A detection across its end counts as open."""
        ...
