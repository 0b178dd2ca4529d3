"""Connector of the kind `notion`: pages and databases through Notion's API."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from vong.errors import Misconfigured
from vong.knowledge.sources.connector import (
    FetchedItem,
    ItemGone,
    ItemSkipped,
    KnownItem,
    ListedItem,
    SourceFailed,
    UnchangedItem,
)
from vong.knowledge.sources.http.client import SourceHttpClient
from vong.knowledge.sources.notion.blocks import BlockRenderer, NotionReference
from vong.knowledge.sources.notion.client import SECRET_HINT, NotionClient, parse_id
from vong.knowledge.sources.notion.rich_text import property_text, to_text
from vong.knowledge.sources.settings import NotionSettings
from vong.records import now

UNCERTAIN_AGE = timedelta(minutes=2)
"""Age of an edit below which a page is read again: Notion states the time of an edit in whole minutes."""
DATABASE_PREFIX = "database:"
"""Start of the key of a database, which is read for its rows."""


class NotionConnector:
    """Connector of all pages that an integration sees, or of some pages with everything below them.

    A page is read again if its last-edited time differs.
    """

    def __init__(self, settings: NotionSettings, http: SourceHttpClient, token: str | None) -> None:
        if not token:
            raise Misconfigured("the source has no Notion token", SECRET_HINT)
        http.policy.check_url(settings.api_url)
        self.incomplete: str | None = None
        self.max_items = settings.max_pages
        self._roots = [parse_id(value) for value in settings.pages]
        self._client = NotionClient(http, settings.api_url, token)

    def list_items(self) -> Iterable[ListedItem]:
        """Yield the root pages, or all pages and the rows of all databases.

        Raises: SourceFailed if nothing is shared with the integration.
        """
        return self._list_roots() if self._roots else self._list_all()

    def fetch(self, item: KnownItem) -> FetchedItem | UnchangedItem:
        """Read a page, with its properties and blocks, or the list of a database."""
        if item.key.startswith(DATABASE_PREFIX):
            return self._read_database(item)
        page = self._client.get_page(item.key)
        if is_deleted(page):
            raise ItemGone("the page is in the trash")
        if item.revision is not None and item.revision == _revision(page):
            return UnchangedItem()
        text = BlockRenderer(self._client.list_blocks).render(item.key)
        title = page_title(page)
        parts = [f"# {title}" if title else "", "\n".join(_property_lines(page)), text.markdown]
        content = "\n\n".join(part for part in parts if part.strip()) + "\n"
        return FetchedItem(
            path=f"{document_name(title, item.key)}.md",
            content=content.encode(),
            title=title,
            url=str(page.get("url") or "") or None,
            revision=_revision(page),
            links=tuple(self._list_references(text.references, item.depth + 1)) if self._roots else (),
        )

    def is_gone(self, key: str) -> bool:
        """Return whether a page is really gone: the search of Notion does not always find all pages."""
        if self._roots or key.startswith(DATABASE_PREFIX):
            return True
        try:
            return is_deleted(self._client.get_page(key))
        except ItemGone:
            return True

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _list_all(self) -> Iterator[ListedItem]:
        """Yield what the search finds, and the rows of each data source, because the search may lag behind."""
        seen: set[str] = set()
        found = 0
        for one in self._client.search():
            found += 1
            if is_deleted(one):
                continue
            rows = self._client.query_data_source(str(one["id"])) if one.get("object") == "data_source" else (one,)
            for page in rows:
                key = str(page.get("id"))
                if page.get("object") == "page" and key not in seen and not is_deleted(page):
                    seen.add(key)
                    yield _to_item(page, 0)
        if not found:
            raise SourceFailed(
                "no page is shared with the integration",
                "open a page in Notion, and connect the integration in its menu under Connections",
            )

    def _list_roots(self) -> Iterator[ListedItem]:
        for id in self._roots:
            try:
                yield _to_item(self._client.get_page(id), 0)
                continue
            except ItemGone:
                pass
            try:
                self._client.get_database(id)
            except ItemGone as error:
                hint = "share the page or database with the integration, or remove it from the source"
                raise SourceFailed(f"Notion finds neither a page nor a database {id!r}", hint) from error
            yield ListedItem(f"{DATABASE_PREFIX}{id}")

    def _list_references(self, references: Iterable[NotionReference], depth: int) -> Iterator[ListedItem]:
        """Yield the pages and databases inside a page. Their last-edited times are read with them."""
        for one in references:
            key = one.id if one.kind == "child_page" else f"{DATABASE_PREFIX}{one.id}"
            yield ListedItem(key, None, depth, one.title)

    def _read_database(self, item: KnownItem) -> FetchedItem:
        """Return a document with the names of the rows, whose pages are the links."""
        try:
            database = self._client.get_database(item.key.removeprefix(DATABASE_PREFIX))
        except ItemGone as error:
            if item.depth == 0:
                raise
            raise ItemSkipped("a view of another database, or a database that is not shared") from error
        if is_deleted(database):
            raise ItemGone("the database is in the trash")
        title = to_text(database.get("title")).strip()
        description = to_text(database.get("description")).strip()
        rows = [
            page
            for one in database.get("data_sources") or ()
            for page in self._client.query_data_source(str(one["id"]))
            if page.get("object") == "page" and not is_deleted(page)
        ]
        names = "\n".join(f"- {name}" for page in rows if (name := page_title(page)))
        content = "\n\n".join(part for part in (f"# {title or 'Database'}", description, names) if part) + "\n"
        return FetchedItem(
            path=f"{document_name(title, item.key)}.md",
            content=content.encode(),
            title=title,
            url=str(database.get("url") or "") or None,
            links=tuple(_to_item(page, item.depth + 1) for page in rows),
        )


def is_deleted(value: dict[str, Any]) -> bool:
    """Return whether a page or database is in the trash."""
    return bool(value.get("in_trash") or value.get("archived") or value.get("is_archived"))


def page_title(page: dict[str, Any]) -> str:
    """Return the title of a page: its property of the type `title`, whatever that is called."""
    for value in (page.get("properties") or {}).values():
        if isinstance(value, dict) and value.get("type") == "title":
            return " ".join(to_text(value.get("title")).split())
    return ""


def document_name(title: str, key: str) -> str:
    """Return the name of the document of a page: its title, and the start of its id, which is unique."""
    id = key.rpartition(":")[2].replace("-", "")
    name = "".join(sign if sign.isalnum() or sign in " ._-" else " " for sign in title)
    return f"{' '.join(name.split())[:120].strip('. ') or 'Untitled'} {id[-8:]}"


def _property_lines(page: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for name, value in (page.get("properties") or {}).items():
        if isinstance(value, dict) and value.get("type") != "title" and (text := property_text(value).strip()):
            lines.append(f"- {name}: {' '.join(text.split())}")
    return lines


def _to_item(page: dict[str, Any], depth: int) -> ListedItem:
    return ListedItem(str(page["id"]), _revision(page), depth, page_title(page), str(page.get("url") or "") or None)


def _revision(page: dict[str, Any]) -> str | None:
    """Return the last-edited time. Returns None if a further edit may have the same time."""
    edited = page.get("last_edited_time")
    if not isinstance(edited, str):
        return None
    try:
        at = datetime.fromisoformat(edited.replace("Z", "+00:00"))
    except ValueError:
        return edited
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return None if now() - at < UNCERTAIN_AGE else edited
