"""Documents and passages of knowledge bases as external assistants read them: searched, fetched and listed."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import func, select

from vong import access
from vong.app.platform import Platform
from vong.app.vector_store_search import StoreSearch, StoreSearchResult, search_bases
from vong.errors import InvalidInput, NotFound
from vong.gateway.auth.scopes import check_base, may_use_base
from vong.knowledge.base_settings import check_reader, list_readable
from vong.knowledge.documents import get_document
from vong.knowledge.index.indexes import find_live_index
from vong.knowledge.index.tables import chunks
from vong.knowledge.tables import documents
from vong.records import Document

MAX_TEXT_CHARACTERS = 400_000
"""Maximum characters of a fetched document."""


class FoundDocument(NamedTuple):
    """Document with its best passage for a query."""

    document_id: UUID
    title: str
    url: str
    result: StoreSearchResult


class FetchedDocument(NamedTuple):
    """Document with its text. `complete` is false if the text was cut."""

    document: Document
    title: str
    url: str
    text: str
    complete: bool


class ListedDocument(NamedTuple):
    """Document of a list."""

    id: UUID
    base: str
    path: str
    title: str
    media_type: str
    characters: int


def list_readable_bases(platform: Platform, principal: access.Principal) -> list[str]:
    """Return the names of the knowledge bases that the caller may use."""
    with platform.scope(principal.project_id) as connection:
        names = list_readable(connection, principal.role)
    return [name for name in names if may_use_base(principal.scope, name)]


def choose_bases(platform: Platform, principal: access.Principal, base: str | None) -> list[str]:
    """Return the named knowledge base, or all that the caller may use.

    Raises: InvalidInput if the caller may use none.
    """
    if base is not None:
        check_base(principal, base)
        return [base]
    if found := list_readable_bases(platform, principal):
        return found
    raise InvalidInput(
        "there is no knowledge base that this key may use", "create one: vong knowledge upload BASE FILES"
    )


def search_documents(
    platform: Platform, principal: access.Principal, base: str | None, query: str, limit: int
) -> list[FoundDocument]:
    """Return the documents that match a query, best first, each with its best passage."""
    request = StoreSearch((query,), limit=min(4 * limit, 50))
    outcome = search_bases(platform, principal, choose_bases(platform, principal, base), request)
    best: dict[UUID, StoreSearchResult] = {}
    for result in outcome.results:
        best.setdefault(result.passage.chunk.document_id, result)
    return [
        FoundDocument(
            id,
            result.passage.title or result.filename,
            document_url(platform, result.base, result.passage.path, id),
            result,
        )
        for id, result in list(best.items())[:limit]
    ]


def fetch_document(platform: Platform, principal: access.Principal, id: UUID) -> FetchedDocument:
    """Return a document with its text.

    Raises: NotFound, or OutOfScope.
    """
    with platform.scope(principal.project_id) as connection:
        document = get_document(connection, id)
        check_base(principal, document.base)
        check_reader(connection, document.base, principal.role)
        index = find_live_index(connection, document.base)
        rows: Sequence[Any] = ()
        if index is not None:
            query = select(chunks.c.heading, chunks.c.text, chunks.c.start, chunks.c.end).where(
                chunks.c.document_id == id, chunks.c.index_id == index.id, chunks.c.kind != "parent"
            )
            rows = connection.execute(query.order_by(chunks.c.position)).all()
    text = join_chunks([(row.heading, row.text, row.start, row.end) for row in rows])
    url = document_url(platform, document.base, document.path, id)
    complete = len(text) <= MAX_TEXT_CHARACTERS
    return FetchedDocument(document, document.title, url, text[:MAX_TEXT_CHARACTERS], complete)


def list_ready_documents(
    platform: Platform, principal: access.Principal, base: str | None, after: UUID | None, limit: int
) -> list[ListedDocument]:
    """Return ready documents of the bases that the caller may use, by id."""
    allowed = list_readable_bases(platform, principal)
    names = allowed if base is None else [name for name in allowed if name == base]
    columns = [documents.c[name] for name in ("id", "base", "path", "title", "media_type")]
    query = select(*columns, func.coalesce(documents.c.characters, 0).label("characters"))
    query = query.where(documents.c.base.in_(names), documents.c.state == "ready").order_by(documents.c.id).limit(limit)
    if after is not None:
        query = query.where(documents.c.id > after)
    with platform.scope(principal.project_id) as connection:
        return [ListedDocument(**row) for row in connection.execute(query).mappings()]


def document_url(platform: Platform, base: str, path: str, id: UUID) -> str:
    """Return the address of a document: its own if it is a web page, else that in the console."""
    if path.startswith(("http://", "https://")):
        return path
    server = platform.settings.server_url.rstrip("/")
    return f"{server}/knowledge/{quote(base, safe='')}?document={id}"


def join_chunks(parts: Sequence[tuple[str, str, int, int]]) -> str:
    """Return the text of a document from its chunks, without the text that neighbours share.

    A part has the path of its headings, its text, and its position in the text of the document.
    """
    texts: list[str] = []
    heading_before, end_before = "", 0
    for heading, text, start, end in parts:
        shared = max(0, end_before - start)
        if shared >= len(text):
            continue
        if heading != heading_before and heading:
            texts.append(f"\n\n{heading.rpartition(' > ')[2]}\n\n")
        elif texts and start > end_before:
            texts.append("\n\n" if start - end_before > 1 else " ")
        texts.append(text[shared:])
        heading_before, end_before = heading, end
    return "".join(texts).strip()


def parse_document_id(text: str) -> UUID:
    """Return the id of a document. Raises NotFound if the text is no id."""
    try:
        return UUID(text.removeprefix("doc_"))
    except ValueError:
        raise NotFound(f"no document has the id {text!r}", "use an id that search returned") from None
