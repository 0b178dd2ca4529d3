"""What a guard is."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

from vong.gateway.upstream.client import UpstreamClient
from vong.records import Record

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Reads = Literal["all", "untrusted", "last"]
Ask = Callable[[str, list[dict[str, Any]]], Awaitable[str]]
"""Asks a model of the gateway, by its name, a conversation: what it says."""
Embed: TypeAlias = Callable[[Sequence[str]], "npt.NDArray[np.float32]"]
"""Unit vectors of texts; it computes, so it is called in a thread."""
PIECE = 200
"""Characters of an answer after which a guard that reads for the sense looks again; they are held back till then."""


class Detection(NamedTuple):
    """Something that a guard looks for. Where it says a place it is `text[start:end]`, else the text as a whole."""

    kind: str
    start: int = 0
    end: int = 0
    score: float = 1.0


def _as_it_is(secret: str, name: str) -> str:
    del name
    return secret


class GuardDependencies(NamedTuple):
    """What guards may use beside the text."""

    embed: Embed
    upstream: UpstreamClient
    allow_link_local: bool = False
    open: Callable[[str, str], str] = _as_it_is
    """Opens a secret of its settings (`sealing`)."""


class NoSettings(Record):
    """There is nothing to set."""


class Guard(Protocol):
    """Looks at texts. Made once for its settings, and used for many calls at the same time.

    `look` raises GuardFailed where it could not look. Work that takes longer than a millisecond belongs in a thread.
    """

    Settings: ClassVar[type[Record]]
    """Its settings; their JSON schema is what people see."""
    reads: ClassVar[Reads]
    """Of requests: every text, those of users and tools, or what the user said last (joined to one text)."""
    every: ClassVar[int | None]
    """Of streams: it looks each time so many characters have come; None: once, at the end."""

    def __init__(self, settings: Any, aids: GuardDependencies) -> None: ...

    async def look(self, text: str, ask: Ask) -> Sequence[Detection]:
        """All that it finds."""
        ...


@runtime_checkable
class SpanGuard(Protocol):
    """A guard whose findings have places, in order and apart: only what it finds can be masked, and streams pass it
    with no more held back than may yet become a finding.
    """

    def settled(self, text: str) -> int:
        """The length of the beginning that is understood whatever follows; findings across its end count as open."""
        ...
