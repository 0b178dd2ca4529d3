"""Chunkers by structure, by tokens and by sentences."""

from vong.knowledge.index.chunkers.draft import ChunkDraft, ChunkerLimits, full_text, section_offsets
from vong.knowledge.index.chunkers.spans import TextSpan, pack, split_lines, split_sentences
from vong.knowledge.loading.document import ParsedDocument, Section

MIN_SENTENCE_TOKENS = 16
"""Tokens below which a sentence is joined with the next one."""


def chunk_by_structure(document: ParsedDocument, limits: ChunkerLimits) -> list[ChunkDraft]:
    """Split a document into chunks that end with a sentence and cross no heading.

    A table is kept whole if the embedding model can read it; a larger one is split between rows, and its header is
    embedded with each part.
    """
    drafts: list[ChunkDraft] = []
    for section, offset in section_offsets(document):
        if section.kind in ("table", "code"):
            drafts += _chunk_rows(section, offset, limits)
            continue
        spans = split_sentences(section.text, limits.tokens, limits.count_tokens)
        drafts += [
            make_draft(section, offset, spans[first : last + 1])
            for first, last in pack(spans, limits.tokens, limits.overlap)
        ]
    return drafts


def _chunk_rows(section: Section, offset: int, limits: ChunkerLimits) -> list[ChunkDraft]:
    (total,) = limits.count_tokens([section.text])
    if total <= limits.max_tokens:
        start = len(section.text) - len(section.text.lstrip())
        end = len(section.text.rstrip())
        return [make_draft(section, offset, [TextSpan(start, end, total)])] if start < end else []
    rows = split_lines(section.text, limits.tokens, limits.count_tokens)
    prefix, size = "", limits.tokens
    if section.kind == "table" and rows[0].tokens <= limits.tokens // 2:
        prefix, size = section.text[rows[0].start : rows[0].end], limits.tokens - rows[0].tokens
    return [
        make_draft(section, offset, rows[first : last + 1])._replace(prefix=prefix if first else "")
        for first, last in pack(rows, size, 0)
    ]


def chunk_by_tokens(document: ParsedDocument, limits: ChunkerLimits) -> list[ChunkDraft]:
    """Split the whole text of a document into windows of similar size that end with a sentence, across headings."""
    text = full_text(document)
    sections = section_offsets(document)
    spans = split_sentences(text, limits.tokens, limits.count_tokens)
    drafts: list[ChunkDraft] = []
    at = 0
    for first, last in pack(spans, limits.tokens, limits.overlap):
        start, end = spans[first].start, spans[last].end
        while at + 1 < len(sections) and sections[at + 1][1] <= start:
            at += 1
        tokens = sum(span.tokens for span in spans[first : last + 1])
        drafts.append(ChunkDraft(sections[at][0].heading, text[start:end], start, end, tokens, sections[at][0].page))
    return drafts


def chunk_by_sentences(document: ParsedDocument, limits: ChunkerLimits) -> list[ChunkDraft]:
    """Split a document into sentences. The sentences around a passage are returned as its context."""
    drafts: list[ChunkDraft] = []
    for section, offset in section_offsets(document):
        group: list[TextSpan] = []
        for span in split_sentences(section.text, limits.tokens, limits.count_tokens):
            if group and sum(part.tokens for part in group) + span.tokens > limits.tokens:
                drafts.append(make_draft(section, offset, group))
                group = []
            group.append(span)
            if sum(part.tokens for part in group) >= MIN_SENTENCE_TOKENS:
                drafts.append(make_draft(section, offset, group))
                group = []
        if group:
            drafts.append(make_draft(section, offset, group))
    return drafts


def make_draft(section: Section, offset: int, spans: list[TextSpan]) -> ChunkDraft:
    """Return the chunk of adjacent spans of a section that begins at an offset in the full text."""
    start, end = spans[0].start, spans[-1].end
    tokens = sum(span.tokens for span in spans)
    return ChunkDraft(
        section.heading, section.text[start:end], offset + start, offset + end, tokens, section.page, section.kind
    )
