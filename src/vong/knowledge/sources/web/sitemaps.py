"""Sitemaps: XML, text, RSS and Atom, compressed or not, and indexes of them."""

import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from vong.errors import InvalidInput, JobCancelled, VongError
from vong.knowledge.sources.connector import SourceFailed
from vong.knowledge.sources.http.client import SourceHttpClient
from vong.knowledge.sources.http.urls import normalize_url
from vong.knowledge.sources.web.robots import RobotsRules

MAX_SITEMAPS = 1000
MAX_SITEMAP_BYTES = 60_000_000
"""Size of an uncompressed sitemap. The protocol allows 50 MB."""
MAX_INDEX_DEPTH = 5


class SitemapEntry(NamedTuple):
    """Page of a sitemap, with the time of its last change if the sitemap states it."""

    url: str
    modified: str | None


class ParsedSitemap(NamedTuple):
    """Content of one sitemap file: pages, and further sitemaps."""

    pages: list[SitemapEntry]
    sitemaps: list[str]


class SitemapReader:
    """Reader of a sitemap with all sitemaps that it names. `problems` are those that could not be read."""

    def __init__(self, client: SourceHttpClient, robots: RobotsRules, headers: dict[str, str]) -> None:
        self._client = client
        self._robots = robots
        self._headers = headers
        self.problems: list[str] = []

    def read(self, url: str) -> Iterator[SitemapEntry]:
        """Yield the pages of a sitemap, or of the sitemaps of a site.

        Raises: SourceFailed if there is no sitemap, or it cannot be read.
        """
        queue = [(address, 0) for address in self._find_sitemaps(url)]
        seen: set[str] = {address for address, _ in queue}
        failure: VongError | None = None
        read = 0
        while queue:
            address, depth = queue.pop(0)
            try:
                parsed = self._read_file(address)
            except JobCancelled:
                raise
            except VongError as error:
                failure = error
                self.problems.append(f"{address}: {error.message}")
                continue
            read += 1
            yield from parsed.pages
            for further in parsed.sitemaps:
                target = normalize_url(further, address)
                if target is None or target in seen:
                    continue
                if depth >= MAX_INDEX_DEPTH or len(seen) >= MAX_SITEMAPS:
                    self.problems.append(f"{target}: more than {MAX_SITEMAPS} sitemaps or {MAX_INDEX_DEPTH} levels")
                    break
                seen.add(target)
                queue.append((target, depth + 1))
        if not read and failure is not None:
            raise SourceFailed(failure.message, failure.hint) from failure

    def _find_sitemaps(self, url: str) -> list[str]:
        """Return the address itself if it is that of a file, or the sitemaps of the site."""
        name = url.partition("?")[0].rsplit("/", 1)[-1].lower()
        if name.endswith((".xml", ".gz", ".txt", ".rss", ".atom")) or "sitemap" in name or "?" in url:
            return [url]
        named = [address for one in self._robots.list_sitemaps(url) if (address := normalize_url(one, url))]
        return named or [normalize_url("/sitemap.xml", url) or url]

    def _read_file(self, url: str) -> ParsedSitemap:
        response = self._client.get(url, self._headers)
        if response.status != 200:
            raise SourceFailed(f"the sitemap {url} answered with status {response.status}", "check the address")
        return parse_sitemap(_decompress(response.body, url), url)


def parse_sitemap(body: bytes, url: str) -> ParsedSitemap:
    """Parse a sitemap, an index of sitemaps, a feed or a list of addresses.

    Raises: InvalidInput if it is none of them.
    """
    from lxml.etree import QName

    start = body[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith(b"<"):
        lines = [line.strip() for line in body.decode("utf-8-sig", errors="replace").splitlines()]
        pages = [SitemapEntry(address, None) for line in lines if (address := normalize_url(line))]
        if not pages:
            raise InvalidInput(f"{url} is no sitemap", "name the address of an XML sitemap")
        return ParsedSitemap(pages, [])
    root = _parse_xml(body, url)
    name = QName(root).localname.lower() if isinstance(root.tag, str) else ""
    if name == "sitemapindex":
        return ParsedSitemap([], [loc for entry in root if (loc := _child_text(entry, "loc"))])
    if name == "urlset":
        return ParsedSitemap(_entries(root, url, "loc", ("lastmod",)), [])
    if name == "rss":
        return ParsedSitemap(_entries(root.iter("{*}item"), url, "link", ("pubDate",)), [])
    if name == "feed":
        return ParsedSitemap(_entries(root.iter("{*}entry"), url, "link", ("updated", "published")), [])
    raise InvalidInput(f"{url} is no sitemap", "name the address of an XML sitemap")


def _parse_xml(body: bytes, url: str) -> Any:
    """Return the root of an XML document. Raises InvalidInput if it has none."""
    from lxml.etree import XMLParser, XMLSyntaxError, fromstring

    # Entities are not resolved: a sitemap needs none, and they may read files or grow without bound.
    parser = XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    hint = "name the address of an XML sitemap"
    try:
        root = fromstring(body.lstrip(), parser)
    except XMLSyntaxError as error:
        raise InvalidInput(f"{url} is no valid XML: {error}", hint) from error
    if root is None:
        raise InvalidInput(f"{url} is no valid XML", hint)
    return root


def _entries(elements: Any, url: str, address: str, times: tuple[str, ...]) -> list[SitemapEntry]:
    found: list[SitemapEntry] = []
    for element in elements:
        link = _child_text(element, address)
        if link and (page := normalize_url(link, url)):
            modified = next((time for name in times if (time := _child_text(element, name))), None)
            found.append(SitemapEntry(page, modified))
    return found


def _child_text(element: Any, name: str) -> str | None:
    """Return the text, or the `href`, of the first child of this name in any namespace."""
    if not isinstance(element.tag, str):
        return None
    for child in element:
        if isinstance(child.tag, str) and child.tag.rpartition("}")[2].lower() == name.lower():
            text = ("".join(child.itertext())).strip() or child.get("href")
            if text:
                return text
    return None


def _decompress(body: bytes, url: str) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        content = inflater.decompress(body, MAX_SITEMAP_BYTES)
    except zlib.error as error:
        raise InvalidInput(f"{url} is not valid gzip: {error}", "check the sitemap") from error
    if inflater.unconsumed_tail:
        limit = f"{MAX_SITEMAP_BYTES / 1e6:g} MB"
        raise InvalidInput(f"the sitemap {url} is larger than {limit}", "split it, as its protocol requires")
    return content
