"""Chunkers: split a parsed document into chunks that the embedding model reads completely."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from vong.errors import InvalidInput
from vong.knowledge.index.chunkers.draft import ChunkDraft, ChunkerLimits, ChunkerSettings, full_text
from vong.knowledge.index.chunkers.parents import chunk_with_parents
from vong.knowledge.index.chunkers.questions import chunk_questions
from vong.knowledge.index.chunkers.spans import CountTokens
from vong.knowledge.index.chunkers.structure import chunk_by_sentences, chunk_by_structure, chunk_by_tokens
from vong.knowledge.loading.document import ParsedDocument

HEADING_TOKENS = 64
"""Tokens of the embedding model that are left for title and heading, which are embedded with each chunk."""
MIN_TOKENS = 16
LEGACY_KIND = "characters"
"""Kind of the chunker of indexes from before index versions."""


def check_chunker(chunker: Mapping[str, Any]) -> ChunkerSettings:
    """Return the settings of a chunker.

    Raises: InvalidInput if they are invalid.
    """
    if chunker.get("kind") == LEGACY_KIND:
        return ChunkerSettings()
    try:
        return ChunkerSettings.model_validate(dict(chunker))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(
            f"the chunker setting {field!r} is invalid: {first['msg'].lower()}",
            'send {"kind": "structure", "tokens": 256, "overlap": 32}',
        ) from error


def chunk_document(
    document: ParsedDocument, chunker: Mapping[str, Any], count_tokens: CountTokens, max_tokens: int
) -> list[ChunkDraft]:
    """Split a document by the settings of an index, without its navigation. `max_tokens` is what the model reads.

    Raises: InvalidInput if the settings are invalid.
    """
    settings = check_chunker(chunker)
    document = _blank_navigation(document)
    readable = max(max_tokens - HEADING_TOKENS, MIN_TOKENS)
    size = min(settings.tokens, readable)
    limits = ChunkerLimits(size, min(settings.overlap, size // 2), readable, count_tokens)
    if settings.kind == "parents":
        return chunk_with_parents(document, limits, settings.parent_tokens)
    if settings.kind == "questions":
        return chunk_questions(document, limits)
    by_kind = {"tokens": chunk_by_tokens, "sentences": chunk_by_sentences}
    return by_kind.get(settings.kind, chunk_by_structure)(document, limits)


def _blank_navigation(document: ParsedDocument) -> ParsedDocument:
    """Return a document with blanks for its navigation, so that offsets stay, unless it has nothing else."""
    if all(section.kind == "navigation" for section in document.sections):
        return document
    sections = [
        section._replace(text=" " * len(section.text)) if section.kind == "navigation" else section
        for section in document.sections
    ]
    return document._replace(sections=tuple(sections))


__all__ = ["ChunkDraft", "ChunkerSettings", "check_chunker", "chunk_document", "full_text"]
