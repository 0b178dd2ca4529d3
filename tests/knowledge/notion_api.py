"""Notion's API as its recorded answers show it, with a workspace in memory. Written for the tests of sources."""

import json
from typing import Any

from tests.knowledge.source_site import Answer, Site

TOKEN = "ntn_test"
OLD = "2026-07-04T09:08:00.000Z"


def page_id(number: int) -> str:
    return f"393abc1e-edcd-81c3-a7e3-{number:012x}"


def rich_text(text: str, href: str | None = None, **annotations: bool) -> list[dict[str, Any]]:
    marks = {"bold": False, "italic": False, "strikethrough": False, "underline": False, "code": False}
    return [
        {
            "type": "text",
            "text": {"content": text, "link": {"url": href} if href else None},
            "annotations": {**marks, **annotations, "color": "default"},
            "plain_text": text,
            "href": href,
        }
    ]


class Workspace:
    """Pages, blocks and databases that a site answers as `api.notion.com` does, two results at a time."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.pages: dict[str, dict[str, Any]] = {}
        self.blocks: dict[str, list[dict[str, Any]]] = {}
        self.rows: dict[str, list[str]] = {}
        self.hidden_in_search: set[str] = set()
        self._next_block = 1_000_000

    def add_page(self, number: int, title: str, *blocks: dict[str, Any], **properties: Any) -> str:
        id = page_id(number)
        self.pages[id] = {
            "object": "page",
            "id": id,
            "created_time": OLD,
            "last_edited_time": OLD,
            "in_trash": False,
            "archived": False,
            "properties": {**properties, "Name": {"id": "title", "type": "title", "title": rich_text(title)}},
            "url": f"https://app.notion.com/p/{id.replace('-', '')}",
        }
        self.blocks[id] = list(blocks)
        return id

    def block(self, kind: str, *children: dict[str, Any], **content: Any) -> dict[str, Any]:
        self._next_block += 1
        id = page_id(self._next_block)
        self.blocks[id] = list(children)
        base = {"object": "block", "id": id, "type": kind, "has_children": bool(children), "in_trash": False}
        return {**base, kind: content}

    def child_page(self, id: str, title: str) -> dict[str, Any]:
        block = {"object": "block", "id": id, "type": "child_page", "has_children": True}
        return {**block, "child_page": {"title": title}}

    def install(self) -> None:
        """Answer the requests of the API."""
        pages = self.site.pages
        pages["/v1/search"] = self._search
        for id in self.pages:
            pages[f"/v1/pages/{id}"] = self._authorized(lambda _, id=id: self.pages[id])
        for id, children in self.blocks.items():
            for start in range(0, max(len(children), 1), 2):
                query = "?page_size=100" + (f"&start_cursor=c{start}" if start else "")
                pages[f"/v1/blocks/{id}/children{query}"] = self._authorized(
                    lambda _, id=id, start=start: self._list(self.blocks[id], start)
                )
        for id, rows in self.rows.items():
            answer = {
                "object": "database",
                "id": id,
                "title": rich_text("Lamps"),
                "description": [],
                "in_trash": False,
                "data_sources": [{"id": id, "name": "Lamps"}],
                "url": "https://app.notion.com/p/lamps",
            }
            pages[f"/v1/databases/{id}"] = self._authorized(lambda _, answer=answer: answer)
            pages[f"/v1/data_sources/{id}/query"] = self._authorized(
                lambda body, rows=rows: self._list([self.pages[row] for row in rows], _start(body))
            )

    def _search(self, headers: dict[str, str], body: bytes) -> Answer:
        found = [page for id, page in self.pages.items() if id not in self.hidden_in_search]
        found += [{"object": "data_source", "id": id, "in_trash": False} for id in self.rows]
        return self._authorized(lambda body: self._list(found, _start(body)))(headers, body)

    def _list(self, values: list[dict[str, Any]], start: int) -> dict[str, Any]:
        more = start + 2 < len(values)
        cursor = f"c{start + 2}" if more else None
        return {"object": "list", "results": values[start : start + 2], "next_cursor": cursor, "has_more": more}

    def _authorized(self, answer: Any) -> Any:
        def respond(headers: dict[str, str], body: bytes) -> Answer:
            if headers.get("authorization") != f"Bearer {TOKEN}" or headers.get("notion-version") != "2025-09-03":
                error = {"object": "error", "status": 401, "code": "unauthorized", "message": "API token is invalid."}
                return Answer(json.dumps(error).encode(), 401, {"content-type": "application/json"})
            return Answer(json.dumps(answer(body)).encode(), 200, {"content-type": "application/json; charset=utf-8"})

        return respond


def _start(body: bytes) -> int:
    cursor = json.loads(body or b"{}").get("start_cursor")
    return int(cursor[1:]) if cursor else 0
