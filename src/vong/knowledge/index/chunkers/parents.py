"""Chunker of parents and children: small chunks are searched, and their larger parent is returned."""

from vong.knowledge.index.chunkers.draft import PARENT_KIND, ChunkDraft, ChunkerLimits
from vong.knowledge.index.chunkers.structure import chunk_by_structure
from vong.knowledge.loading.document import ParsedDocument


def chunk_with_parents(document: ParsedDocument, limits: ChunkerLimits, parent_tokens: int) -> list[ChunkDraft]:
    """Split a document by structure into parents, and each parent into the chunks that are searched.

    A parent of one chunk is left out: the chunk is its own context.
    """
    parent_limits = limits._replace(tokens=parent_tokens, overlap=0, max_tokens=parent_tokens)
    drafts: list[ChunkDraft] = []
    children = chunk_by_structure(document, limits)
    at = 0
    for parent in chunk_by_structure(document, parent_limits):
        own: list[ChunkDraft] = []
        while at < len(children) and children[at].start < parent.end:
            own.append(children[at])
            at += 1
        if len(own) > 1:
            drafts.append(parent._replace(kind=PARENT_KIND))
            own = [child._replace(parent=len(drafts) - 1) for child in own]
        drafts += own
    return drafts + children[at:]
