"""Parts that all chunkers share: settings, the draft of a chunk and the text to which positions refer."""

from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from vong.errors import InvalidInput
from vong.knowledge.index.chunkers.spans import CountTokens
from vong.knowledge.loading.document import ParsedDocument, Section
from vong.records import Record

SECTION_SEPARATOR = "\n\n"
PARENT_KIND = "parent"

ChunkerKind = Literal["structure", "tokens", "sentences", "parents", "questions"]


class ChunkerSettings(Record):
    """Chunker of an index: its kind, and the size and overlap of its chunks in tokens of the embedding model.

    `parent_tokens` is the size of the parents of the kind `parents`, and `window` the number of sentences before and
    after a passage in its context for the kind `sentences`.
    """

    kind: ChunkerKind = "structure"
    tokens: int = Field(default=256, ge=16, le=8192)
    overlap: int = Field(default=32, ge=0, le=4096)
    parent_tokens: int = Field(default=1024, ge=32, le=32768)
    window: int = Field(default=2, ge=0, le=10)

    @model_validator(mode="after")
    def _check_sizes(self) -> "ChunkerSettings":
        if self.overlap * 2 > self.tokens:
            raise InvalidInput(
                f"the overlap of {self.overlap} tokens is more than half of the {self.tokens} tokens of a chunk",
                f"use an overlap of at most {self.tokens // 2}",
            )
        if self.kind == "parents" and self.parent_tokens < self.tokens:
            raise InvalidInput(
                f"parents of {self.parent_tokens} tokens are smaller than their chunks of {self.tokens}",
                f"use parent_tokens of at least {self.tokens}",
            )
        return self


class ChunkDraft(NamedTuple):
    """Chunk before storage. `start` and `end` count characters of `full_text`.

    `kind` is `parent` for a chunk that is not searched itself; `parent` is the position of the parent among all drafts.
    `prefix` is embedded and searched with the chunk, as the header of a table with its rows.
    """

    heading: str
    text: str
    start: int
    end: int
    tokens: int
    page: int | None = None
    kind: str = "text"
    parent: int | None = None
    prefix: str = ""


class ChunkerLimits(NamedTuple):
    """Sizes within which a chunker works: those of the settings, bounded by what the embedding model reads."""

    tokens: int
    overlap: int
    max_tokens: int
    count_tokens: CountTokens


def full_text(document: ParsedDocument) -> str:
    """Return the texts of the sections of a document, to which the positions of chunks refer."""
    return SECTION_SEPARATOR.join(section.text for section in document.sections)


def section_offsets(document: ParsedDocument) -> list[tuple[Section, int]]:
    """Return the sections of a document with their positions in its full text."""
    found: list[tuple[Section, int]] = []
    offset = 0
    for section in document.sections:
        found.append((section, offset))
        offset += len(section.text) + len(SECTION_SEPARATOR)
    return found
