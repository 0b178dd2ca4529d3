"""Preview of the chunks of a document before it is indexed, with token counts and the cost of embedding."""

import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from vong.app.document_loading import load_limits
from vong.app.document_texts import read_parsed
from vong.app.eval_estimates import find_price
from vong.app.knowledge_embedders import DEFAULT_EMBEDDER, find_embedder
from vong.app.platform import Platform
from vong.gateway.limits.quota import UNITS_PER_DOLLAR
from vong.knowledge.index.chunkers import ChunkDraft, chunk_document
from vong.knowledge.index.chunkers.draft import PARENT_KIND
from vong.knowledge.index.embedders.e5 import MODEL as E5_MODEL
from vong.knowledge.index.embedders.minilm import MODEL as MINILM_MODEL
from vong.knowledge.index.indexes import DEFAULT_CHUNKER
from vong.knowledge.index.indexing import embedded_text
from vong.knowledge.loading import ParsedDocument
from vong.knowledge.loading.process import DocumentLoader
from vong.records import Record, Usage


class ChunkPreview(Record):
    """Chunk that a document would have. `tokens` includes the title and heading that are embedded with it."""

    heading: str
    text: str
    start: int
    end: int
    tokens: int
    page: int | None = None
    kind: str = "text"
    parent: int | None = None


class DocumentPreview(Record):
    """Chunks that a document would have, and what embedding them costs.

    `cost` is in dollars, 0 for a shipped model and None if the price of the model is unknown.
    """

    path: str
    title: str
    language: str
    chunker: dict[str, Any]
    embedder: str
    chunks: tuple[ChunkPreview, ...]
    tokens: int
    cost: float | None


def preview_document(
    platform: Platform,
    project_id: UUID,
    path: str,
    content: bytes,
    *,
    chunker: dict[str, Any] | None = None,
    embedder: str = DEFAULT_EMBEDDER,
) -> DocumentPreview:
    """Return the chunks of a document by a chunker for an embedding model. Nothing is stored or embedded.

    Raises: InvalidInput if the document cannot be read or the chunker is invalid.
    """
    with (
        tempfile.TemporaryDirectory(prefix="vong-preview-") as folder,
        DocumentLoader(load_limits(platform.settings)) as loader,
    ):
        file = Path(folder, "document")
        file.write_bytes(content)
        parsed = loader.load(file, path)
    return _preview_parsed(platform, project_id, path, parsed, (chunker or DEFAULT_CHUNKER, embedder))


def preview_stored_document(
    platform: Platform,
    project_id: UUID,
    document_id: UUID,
    *,
    chunker: dict[str, Any] | None = None,
    embedder: str = DEFAULT_EMBEDDER,
) -> DocumentPreview:
    """Return the chunks that a document of a base would have in another index. Nothing is stored or embedded.

    Raises: NotFound if there is no such document; Conflict if it has no text, because it is not loaded.
    """
    with platform.scope(project_id) as connection:
        document, parsed = read_parsed(platform, connection, document_id)
    return _preview_parsed(platform, project_id, document.path, parsed, (chunker or DEFAULT_CHUNKER, embedder))


def _preview_parsed(
    platform: Platform, project_id: UUID, path: str, parsed: ParsedDocument, index: tuple[dict[str, Any], str]
) -> DocumentPreview:
    used, embedder = index
    model = find_embedder(platform, project_id, embedder)
    drafts = chunk_document(parsed, used, model.token_counts, model.max_tokens)
    counts = model.token_counts([embedded_text(parsed.title, draft) for draft in drafts])
    total = sum(count for draft, count in zip(drafts, counts, strict=True) if draft.kind != PARENT_KIND)
    return DocumentPreview(
        path=path,
        title=parsed.title,
        language=parsed.language,
        chunker=dict(used),
        embedder=embedder,
        chunks=tuple(_to_preview(draft, count) for draft, count in zip(drafts, counts, strict=True)),
        tokens=total,
        cost=_find_cost(platform, project_id, embedder, total),
    )


def _to_preview(draft: ChunkDraft, tokens: int) -> ChunkPreview:
    fields = draft._asdict() | {"tokens": tokens}
    return ChunkPreview.model_validate({name: fields[name] for name in ChunkPreview.model_fields})


def _find_cost(platform: Platform, project_id: UUID, embedder: str, tokens: int) -> float | None:
    if embedder.partition("@")[0] in (E5_MODEL, MINILM_MODEL):
        return 0.0
    price = find_price(platform, project_id, embedder)
    cost = price.cost_of_usage(Usage(input_tokens=tokens, output_tokens=0)) if price else None
    return None if cost is None else cost / UNITS_PER_DOLLAR
