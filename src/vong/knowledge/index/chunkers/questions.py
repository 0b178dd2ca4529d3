"""Chunker of question-answer pairs, as in a list of frequent questions."""

from itertools import pairwise

import regex

from vong.knowledge.index.chunkers.draft import ChunkDraft, ChunkerLimits, section_offsets
from vong.knowledge.index.chunkers.spans import TextSpan, pack, split_sentences
from vong.knowledge.index.chunkers.structure import chunk_by_structure, make_draft
from vong.knowledge.loading.document import HEADING_SEPARATOR, ParsedDocument, Section

QUESTION_MARKS = "q|question|hỏi|câu hỏi|frage|pregunta|問|问"
QUESTION_LINE = regex.compile(
    rf"^[ \t>*_#-]*(?:(?:{QUESTION_MARKS})\s*\d*\s*[:.：)]\s*\S.*|\S[^\n]{{0,300}}[?？])[ \t*_]*$",
    regex.IGNORECASE | regex.MULTILINE,
)
"""Line that is a question: it begins with a mark such as `Q:` or `Hỏi 3:`, or ends with a question mark."""


def chunk_questions(document: ParsedDocument, limits: ChunkerLimits) -> list[ChunkDraft]:
    """Split a document into pairs of a question and its answer; text without questions is split by structure.

    The question is embedded with each part of an answer that is too long for one chunk.
    """
    drafts: list[ChunkDraft] = []
    for section, offset in section_offsets(document):
        heading = section.heading.rpartition(HEADING_SEPARATOR)[2]
        starts = [match.start() for match in QUESTION_LINE.finditer(section.text)]
        if heading.rstrip().endswith(("?", "？")) or not starts or section.kind == "table":
            # The heading is embedded with each chunk of its section, so that the question is there.
            part = ParsedDocument(document.title, (section,))
            drafts += [_shift(draft, offset) for draft in chunk_by_structure(part, limits)]
            continue
        bounds = [0, *starts, len(section.text)] if section.text[: starts[0]].strip() else [*starts, len(section.text)]
        for start, end in pairwise(bounds):
            drafts += _chunk_pair(section, offset, start, end, limits)
    return drafts


def _chunk_pair(section: Section, offset: int, start: int, end: int, limits: ChunkerLimits) -> list[ChunkDraft]:
    text = section.text[start:end]
    spans = [
        TextSpan(span.start + start, span.end + start, span.tokens)
        for span in split_sentences(text, limits.tokens, limits.count_tokens)
    ]
    if not spans:
        return []
    question = section.text[spans[0].start : spans[0].end] if QUESTION_LINE.match(text) else ""
    windows = pack(spans, limits.tokens - spans[0].tokens if len(spans) > 1 else limits.tokens, 0)
    if sum(span.tokens for span in spans) <= limits.tokens:
        windows = [(0, len(spans) - 1)]
    return [
        make_draft(section, offset, spans[first : last + 1])._replace(prefix=question if first else "")
        for first, last in windows
    ]


def _shift(draft: ChunkDraft, offset: int) -> ChunkDraft:
    return draft._replace(start=draft.start + offset, end=draft.end + offset)
