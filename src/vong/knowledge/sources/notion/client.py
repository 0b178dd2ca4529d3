"""Client of Notion's API: pages, blocks, databases and data sources, with pagination and rate limits."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from vong.errors import InvalidInput, Misconfigured, UpstreamFailed
from vong.knowledge.sources.connector import ItemGone, SourceFailed
from vong.knowledge.sources.http.client import SourceHttpClient

API_VERSION = "2025-09-03"
PAGE_SIZE = 100
MAX_RESULT_PAGES = 10_000
"""Pages of one list, after which the list counts as endless."""
ID_PATTERN = re.compile(r"[0-9a-f]{32}")
SECRET_HINT = "set the secret of the source to the token of a Notion integration (ntn_…)"


class NotionClient:
    """Client of the API for one integration."""

    def __init__(self, http: SourceHttpClient, api_url: str, token: str) -> None:
        self._http = http
        self._url = api_url.rstrip("/")
        self._headers = {
            "authorization": f"Bearer {token}",
            "notion-version": API_VERSION,
            "accept": "application/json",
            "content-type": "application/json",
        }

    def search(self) -> Iterator[dict[str, Any]]:
        """Yield all pages and data sources that are shared with the integration."""
        body = {"sort": {"direction": "ascending", "timestamp": "last_edited_time"}}
        yield from self._paginate("POST", "/v1/search", body)

    def get_page(self, id: str) -> dict[str, Any]:
        """Return a page. Raises ItemGone if it does not exist or is not shared with the integration."""
        return self._request("GET", f"/v1/pages/{quote(id)}")

    def get_database(self, id: str) -> dict[str, Any]:
        """Return a database. Raises ItemGone as `get_page` does."""
        return self._request("GET", f"/v1/databases/{quote(id)}")

    def query_data_source(self, id: str) -> Iterator[dict[str, Any]]:
        """Yield the pages of a data source, which are the rows of its database."""
        yield from self._paginate("POST", f"/v1/data_sources/{quote(id)}/query", {})

    def list_blocks(self, id: str) -> Iterator[dict[str, Any]]:
        """Yield the blocks of a page or block, without those inside them."""
        yield from self._paginate("GET", f"/v1/blocks/{quote(id)}/children", None)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _paginate(self, method: str, path: str, body: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        for _ in range(MAX_RESULT_PAGES):
            query = ""
            if body is None:
                query = f"?page_size={PAGE_SIZE}" + (f"&start_cursor={quote(cursor)}" if cursor else "")
            else:
                body = {**body, "page_size": PAGE_SIZE, **({"start_cursor": cursor} if cursor else {})}
            answer = self._request(method, path + query, body)
            results = answer.get("results")
            if not isinstance(results, list):
                raise UpstreamFailed(f"Notion answered {path} without results", "try again later")
            yield from (one for one in results if isinstance(one, dict))
            following = answer.get("next_cursor")
            if not answer.get("has_more") or not following:
                return
            if following == cursor:
                break
            cursor = following
        raise UpstreamFailed(f"the list {path} of Notion does not end", "try again later")

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        content = json.dumps(body).encode() if body is not None else None
        response = self._http.send(method, f"{self._url}{path}", self._headers, content)
        try:
            answer: Any = json.loads(response.body)
        except ValueError:
            answer = None
        if response.status == 200 and isinstance(answer, dict):
            return answer
        error = answer if isinstance(answer, dict) else {}
        message = str(error.get("message") or f"status {response.status}")
        self._raise(response.status, str(error.get("code") or ""), message)
        raise AssertionError("an error was raised")

    def _raise(self, status: int, code: str, message: str) -> None:
        if status == 401:
            raise Misconfigured(f"Notion refused the token: {message}", SECRET_HINT)
        if status == 404 or code == "object_not_found":
            raise ItemGone(f"Notion does not find it: {message}")
        if status == 403:
            hint = "give the integration the capability to read content, and share the pages with it"
            raise InvalidInput(f"Notion refused access: {message}", hint)
        if status == 429:
            raise SourceFailed(f"Notion limits the requests: {message}", "sync again later")
        if status >= 500:
            raise UpstreamFailed(f"Notion failed: {message}", "try again later")
        raise InvalidInput(f"Notion refused the request: {message}", "check the ids of the source")


def parse_id(value: str) -> str:
    """Return the id, with dashes, of an id or URL of a page or database.

    Raises: InvalidInput if the text has none.
    """
    path = value.strip().partition("?")[0].partition("#")[0]
    compact = path.rsplit("/", 1)[-1].replace("-", "").lower()
    match = ID_PATTERN.search(compact[-32:]) if len(compact) >= 32 else None
    if match is None:
        raise InvalidInput(
            f"{value!r} is no id of a Notion page",
            "copy the link of the page or database, or its 32 hexadecimal digits",
        )
    digits = match[0]
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
