"""Connectors of the kinds `page`, `sitemap` and `crawl`."""

import hashlib
import posixpath
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from vong.errors import InvalidInput, UpstreamFailed
from vong.knowledge.sources.connector import (
    FetchedItem,
    ItemGone,
    ItemSkipped,
    KnownItem,
    ListedItem,
    SourceFailed,
    UnchangedItem,
)
from vong.knowledge.sources.http.client import SourceHttpClient, SourceResponse
from vong.knowledge.sources.http.urls import document_path, normalize_url
from vong.knowledge.sources.patterns import is_selected
from vong.knowledge.sources.settings import CrawlSettings, PageSetSettings, SitemapSettings, WebSourceSettings
from vong.knowledge.sources.web.pages import WebPage, read_page
from vong.knowledge.sources.web.robots import RobotsRules
from vong.knowledge.sources.web.sitemaps import SitemapReader

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
SUFFIX_BY_TYPE = {
    "application/pdf": ".pdf",
    "application/msword": ".doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/epub+zip": ".epub",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
    "text/csv": ".csv",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "text/plain": ".txt",
}
IGNORED_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ico", ".bmp", ".avif"),
    *(".mp4", ".webm", ".mov", ".avi", ".mp3", ".wav", ".ogg"),
    *(".woff", ".woff2", ".ttf", ".eot", ".css", ".js", ".mjs", ".map", ".json", ".xml", ".rss", ".atom"),
    *(".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar", ".exe", ".dmg", ".iso", ".deb", ".rpm", ".jar"),
)
"""Ends of addresses that are never followed."""
GONE_STATUSES = frozenset({404, 410})
MAX_REFRESHES = 3


class WebServices(NamedTuple):
    """HTTP client of a web source, and the value of its `Authorization` header, if it has one."""

    client: SourceHttpClient
    authorization: str | None = None


class PageConnector:
    """Connector of one page, and the part that all web sources share: read a page and find its document."""

    incomplete: str | None
    max_items = 1
    max_depth = 0
    """Number of links between the start and a page whose links are followed no further."""

    def __init__(self, settings: WebSourceSettings, services: WebServices) -> None:
        self.incomplete = None
        self._settings = settings
        self._client = services.client
        self._authorization = services.authorization
        self._robots = RobotsRules(services.client, respect=settings.respect_robots)
        start = normalize_url(settings.url)
        if start is None:
            raise InvalidInput(f"{settings.url!r} is not an http(s) address", "write it as http(s)://HOST/PATH")
        services.client.policy.check_url(start)
        self._start = start

    def list_items(self) -> Iterable[ListedItem]:
        """Return the start page."""
        return [ListedItem(self._start)]

    def fetch(self, item: KnownItem) -> FetchedItem | UnchangedItem:
        """Read a page, with the validators of its last answer."""
        headers = self._headers(item.key)
        if item.etag:
            headers["if-none-match"] = item.etag
        if item.last_modified:
            headers["if-modified-since"] = item.last_modified
        response = self._get(item.key, headers)
        for _ in range(MAX_REFRESHES):
            if response.status == 304:
                return UnchangedItem(response.headers.get("etag"), response.headers.get("last-modified"))
            _check_status(response)
            if response.media_type not in HTML_TYPES and not _looks_like_html(response):
                return self._to_file(item, response)
            page = read_page(response.body, response.url, response.charset, self._settings.text)
            if page.refresh is None or page.refresh == response.url:
                return self._to_page(item, response, page)
            response = self._get(page.refresh, self._headers(page.refresh))
        raise UpstreamFailed(f"{item.key} refreshes to other pages again and again", "check the address")

    def is_gone(self, key: str) -> bool:
        """Return True: a page that is no longer listed or linked is not part of the source."""
        return bool(key)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def is_in_scope(self, url: str) -> bool:
        """Return whether a page belongs to the source."""
        return urlsplit(url).scheme in ("http", "https")

    def _links(self, item: KnownItem, page: WebPage) -> tuple[ListedItem, ...]:
        """Return the items that a page adds to the sync."""
        if item.depth >= self.max_depth:
            return ()
        return tuple(
            ListedItem(link, None, item.depth + 1)
            for link in page.links
            if not urlsplit(link).path.lower().endswith(IGNORED_SUFFIXES) and self.is_in_scope(link)
        )

    def _headers(self, url: str) -> dict[str, str]:
        """Return the headers of a request. The secret is sent to the origin of the source only."""
        headers = {"accept": "text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.8"}
        if self._authorization and _origin(url) == _origin(self._start):
            headers["authorization"] = self._authorization
        return headers

    def _get(self, url: str, headers: Mapping[str, str]) -> SourceResponse:
        self._check_robots(url)
        return self._client.get(url, headers, accepts=_accepts, check_redirect=self._check_redirect(url))

    def _check_redirect(self, start: str) -> Callable[[str], None]:
        def check(url: str) -> None:
            target = normalize_url(url)
            if target is None:
                raise InvalidInput(f"{start} redirects to {url[:200]!r}", "check the address")
            if not self.is_in_scope(target):
                raise ItemSkipped(f"redirects to {target}, which is outside the source")
            self._check_robots(target)

        return check

    def _check_robots(self, url: str) -> None:
        if not self._robots.is_allowed(url):
            raise ItemSkipped("robots.txt disallows this page", "set respect_robots to false if it is your own site")

    def _to_file(self, item: KnownItem, response: SourceResponse) -> FetchedItem:
        suffix = _file_suffix(response)
        if suffix is None:
            raise ItemSkipped(f"the media type {response.media_type or 'unknown'!r} is no document")
        if not response.body:
            raise InvalidInput("the server sent an empty file", "check the address")
        return FetchedItem(
            path=document_path(response.url, suffix),
            content=response.body,
            key=normalize_url(response.url) or item.key,
            url=response.url,
            raw_hash=hashlib.sha256(response.body).hexdigest(),
            etag=response.headers.get("etag"),
            last_modified=response.headers.get("last-modified"),
        )

    def _to_page(self, item: KnownItem, response: SourceResponse, page: WebPage) -> FetchedItem:
        links = self._links(item, page)
        address = normalize_url(response.url) or item.key
        key = page.canonical if page.canonical and _is_variant(page.canonical, address) else address
        if not page.words:
            raise ItemSkipped("the page has no text; it may be built by JavaScript, which is not run", "", links)
        return FetchedItem(
            path=document_path(key, ".html"),
            content=page.content,
            key=key,
            title=page.title,
            language=page.language,
            url=key,
            raw_hash=hashlib.sha256(response.body).hexdigest(),
            revision=item.listed_revision,
            etag=response.headers.get("etag"),
            last_modified=response.headers.get("last-modified"),
            links=links,
        )


class SitemapConnector(PageConnector):
    """Connector of the pages of a sitemap. A page whose `lastmod` is unchanged is not read again."""

    incomplete: str | None

    def __init__(self, settings: SitemapSettings, services: WebServices) -> None:
        super().__init__(settings, services)
        self._pages: PageSetSettings = settings
        self.max_items = settings.max_pages

    def list_items(self) -> Iterable[ListedItem]:
        """Yield the pages of the sitemap."""
        reader = SitemapReader(self._client, self._robots, self._headers(self._start))
        is_empty = True
        for entry in reader.read(self._start):
            is_empty = False
            if is_selected(entry.url, self._pages.include, self._pages.exclude):
                yield ListedItem(entry.url, _precise_time(entry.modified))
        if is_empty:
            raise SourceFailed(f"the sitemap of {self._start} lists no pages", "check the address")
        if reader.problems:
            self.incomplete = f"{len(reader.problems)} sitemaps could not be read: {'; '.join(reader.problems[:3])}"


class CrawlConnector(PageConnector):
    """Connector of a page and of the pages that it links to."""

    def __init__(self, settings: CrawlSettings, services: WebServices) -> None:
        super().__init__(settings, services)
        self._crawl = settings
        self.max_items = settings.max_pages
        self.max_depth = settings.max_depth
        parts = urlsplit(self._start)
        self._host = _bare_host(parts.netloc)
        # "/docs" is a folder, "/docs/index.html" a file in one.
        self._prefix = posixpath.dirname(parts.path) if "." in posixpath.basename(parts.path) else parts.path

    def is_in_scope(self, url: str) -> bool:
        """Return whether a page has the prefix or the domain of the start page, and matches the patterns."""
        if url == self._start:
            return True
        parts = urlsplit(url)
        host = _bare_host(parts.netloc)
        if self._crawl.scope == "domain":
            is_inside = host == self._host or host.endswith(f".{self._host}")
        else:
            is_inside = host == self._host and _is_below(parts.path, self._prefix)
        return is_inside and is_selected(url, self._crawl.include, self._crawl.exclude)

    def fetch(self, item: KnownItem) -> FetchedItem | UnchangedItem:
        """Read a page.

        Raises: SourceFailed if the start page cannot be read.
        """
        try:
            return super().fetch(item)
        except ItemSkipped:
            raise
        except ItemGone as gone:
            if item.key == self._start:
                raise SourceFailed(f"the start page cannot be read: {gone}", "check the address") from gone
            raise
        except UpstreamFailed as error:
            if item.key == self._start:
                raise SourceFailed(f"the start page cannot be read: {error.message}", error.hint) from error
            raise


def _check_status(response: SourceResponse) -> None:
    if response.status in GONE_STATUSES:
        raise ItemGone(f"the server answered with status {response.status}")
    if response.status in (401, 403):
        hint = "set the secret of the source to the value of the Authorization header, or exclude the page"
        raise InvalidInput(f"the server refused access with status {response.status}", hint)
    if response.status >= 500 or response.status == 429:
        raise UpstreamFailed(f"the server answered with status {response.status}", "try again later")
    if response.status != 200:
        raise InvalidInput(f"the server answered with status {response.status}", "check the address")


def _accepts(response: SourceResponse) -> bool:
    """Return whether the body of a response is read."""
    return response.media_type in HTML_TYPES or not response.media_type or _file_suffix(response) is not None


def _file_suffix(response: SourceResponse) -> str | None:
    """Return the suffix of a document by its media type, or by its address if the type says nothing."""
    suffix = SUFFIX_BY_TYPE.get(response.media_type)
    own = posixpath.splitext(urlsplit(response.url).path)[1].lower()
    if suffix == ".txt" and own in {".md", ".markdown", ".rst", ".csv"}:
        return own
    if suffix is None and response.media_type in {"", "application/octet-stream", "binary/octet-stream"}:
        return own if own in {*SUFFIX_BY_TYPE.values(), ".markdown", ".rst"} else None
    return suffix


def _looks_like_html(response: SourceResponse) -> bool:
    start = response.body[:200].lstrip().lower()
    return not response.media_type and start.startswith((b"<!doctype html", b"<html"))


def _is_variant(canonical: str, url: str) -> bool:
    """Return whether a canonical address names the same page: it differs only in its query, scheme, `www.` or slash.

    Other canonical addresses are ignored, because some sites name one address on all pages.
    """
    one, other = urlsplit(canonical), urlsplit(url)
    return _bare_host(one.netloc) == _bare_host(other.netloc) and _bare_path(one.path) == _bare_path(other.path)


def _bare_host(netloc: str) -> str:
    return netloc.lower().removeprefix("www.")


def _bare_path(path: str) -> str:
    for name in ("index.html", "index.htm", "index.php"):
        path = path.removesuffix(name)
    return path.rstrip("/")


def _is_below(path: str, prefix: str) -> bool:
    folder = prefix.rstrip("/")
    return path == folder or path.startswith(f"{folder}/")


def _precise_time(modified: str | None) -> str | None:
    """Return a `lastmod` that changes with every edit. A date without a time may stay the same after a second edit."""
    return modified if modified and "T" in modified else None


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
