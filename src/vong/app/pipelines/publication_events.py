"""Events of a published run, in the form that the chat page, `/v1` and MCP share, and the citations of its answer."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal
from uuid import UUID

from vong.errors import VongError
from vong.records import Record

MARKER_PATTERN = re.compile(r"\[(?P<plain>\d{1,3}(?:\s*,\s*\d{1,3})*)\]|【(?P<wide>\d{1,3})[^】]{0,60}】")
"""Markers of citations in an answer: [1], [1, 2] and 【1】."""
MAX_QUOTE_CHARS = 2000
ToolKind = Literal["retrieval", "tool"]


class Passage(Record):
    """Retrieved passage, with the number by which the answer cites it.

    `start` and `end` are offsets in the text of the document.
    """

    number: int
    title: str
    text: str
    url: str | None = None
    base: str | None = None
    document_id: str | None = None
    start: int | None = None
    end: int | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """Start of a step that retrieves passages or calls a tool."""

    id: str
    kind: ToolKind
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolEnded:
    """End of a step that retrieves passages or calls a tool."""

    id: str
    kind: ToolKind
    name: str
    arguments: Mapping[str, Any]
    output: Any = None
    passages: Sequence[Passage] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PublishedUsage:
    """Tokens of all model calls of a run, and their cost in millionths of a US dollar."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost: int = 0


@dataclass(frozen=True, slots=True)
class RunAnswer:
    """End of a published run."""

    run_id: UUID
    text: str
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    passages: Sequence[Passage] = ()
    usage: PublishedUsage = PublishedUsage()
    span_id: UUID | None = None
    trace_id: str | None = None


PublishedEvent = TextDelta | ToolStarted | ToolEnded | RunAnswer


class RunWaits(VongError):
    """Run of a published pipeline that waits for a person to approve a step. It continues after the decision."""

    code, fault, status = "approval_required", "caller", 409
    run_id: UUID | None = None


class PublishedStepFailed(VongError):
    """Step of a published pipeline that failed. The message names the step."""

    code, fault, status = "step_failed", "upstream", 502
    retry_after: int | None = None
    step: ClassVar[str] = ""


def find_citations(text: str, passages: Sequence[Passage]) -> list[tuple[int, int, Passage]]:
    """Return the citations of a text: start and end of each marker, and the passage that it names."""
    by_number = {passage.number: passage for passage in passages}
    found: list[tuple[int, int, Passage]] = []
    for match in MARKER_PATTERN.finditer(text):
        numbers = [int(number) for number in re.findall(r"\d+", match["plain"] or match["wide"])]
        if all(number in by_number for number in numbers):
            found += [(match.start(), match.end(), by_number[number]) for number in dict.fromkeys(numbers)]
    return found


def read_passages(value: Any, first: int = 1) -> list[Passage]:
    """Return the passages in the output of a step or of a pipeline. Entries of other forms are left out."""
    return list(_iter_passages(value, first))


def _iter_passages(value: Any, first: int) -> Iterator[Passage]:
    entries = value if isinstance(value, list) else []
    for number, entry in enumerate(entries, first):
        if not isinstance(entry, Mapping):
            continue
        nested = entry.get("chunk")
        chunk: Mapping[str, Any] = nested if isinstance(nested, Mapping) else entry
        text = next((chunk[name] for name in ("text", "quote", "content") if isinstance(chunk.get(name), str)), None)
        title = entry.get("title") or entry.get("path") or entry.get("filename") or chunk.get("title")
        if text is None and not title:
            continue
        document_id = entry.get("document_id") or chunk.get("document_id") or chunk.get("document")
        numbered = entry.get("number")
        yield Passage(
            number=numbered if isinstance(numbered, int) else number,
            title=str(title or document_id or f"Passage {number}"),
            text=(text or "")[:MAX_QUOTE_CHARS],
            url=entry.get("url") if isinstance(entry.get("url"), str) else None,
            base=entry.get("base") if isinstance(entry.get("base"), str) else None,
            document_id=str(document_id) if document_id else None,
            start=_integer(entry.get("start", chunk.get("start"))),
            end=_integer(entry.get("end", chunk.get("end"))),
            score=_number(entry.get("score")),
        )


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
