"""Rules of robots.txt (RFC 9309): which pages may be read, and how fast."""

from urllib.parse import urlsplit

from protego import Protego

from vong.errors import Forbidden, VongError
from vong.knowledge.sources.connector import SourceFailed
from vong.knowledge.sources.http.client import SourceHttpClient, SourceResponse

ROBOTS_NAME = "Vong"
"""Name by which robots.txt addresses these requests."""
MAX_ROBOTS_BYTES = 500_000
MAX_CRAWL_DELAY_SECONDS = 30.0
"""Longest Crawl-delay that is respected."""


class RobotsRules:
    """Rules of every host that a sync reads. The file of a host is read once, before its first page."""

    def __init__(self, client: SourceHttpClient, *, respect: bool = True) -> None:
        self._client = client
        self._respect = respect
        self._rules: dict[str, Protego] = {}

    def is_allowed(self, url: str) -> bool:
        """Return whether a page may be read.

        Raises: SourceFailed if the server fails, because its rules are unknown then.
        """
        return not self._respect or self._load(url).can_fetch(url, ROBOTS_NAME)

    def list_sitemaps(self, url: str) -> list[str]:
        """Return the sitemaps that the robots.txt of a host names."""
        return list(self._load(url).sitemaps)

    def _load(self, url: str) -> Protego:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._rules:
            rules = self._rules[origin] = Protego.parse(self._read(f"{origin}/robots.txt"))
            delay = rules.crawl_delay(ROBOTS_NAME)
            if delay and self._respect:
                self._client.set_delay(url, min(float(delay), MAX_CRAWL_DELAY_SECONDS))
        return self._rules[origin]

    def _read(self, address: str) -> str:
        try:
            response = self._client.get(address)
        except Forbidden:
            raise
        except VongError as error:
            raise SourceFailed(f"{address} cannot be read: {error.message}", error.hint) from error
        if response.status >= 500 or response.status == 429:
            raise SourceFailed(
                f"{address} answered with status {response.status}, so that its rules are unknown", "try again later"
            )
        return _decode(response) if response.status == 200 else ""


def _decode(response: SourceResponse) -> str:
    if response.media_type == "text/html":  # the page of a site that answers everything
        return ""
    return response.body[:MAX_ROBOTS_BYTES].decode("utf-8-sig", errors="replace")
