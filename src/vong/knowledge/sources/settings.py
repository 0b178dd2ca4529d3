"""Settings of each kind of source."""

from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from vong.errors import InvalidInput
from vong.records import Record

SourceKind = Literal["page", "sitemap", "crawl", "notion", "notion_export", "folder", "bucket"]
MAX_PAGES = 100_000
MAX_PATTERNS = 100
NOTION_API_URL = "https://api.notion.com"


class WebSourceSettings(Record):
    """Settings of all sources that read web pages.

    `text` is `main` (the main text of a page) or `full` (the whole page). Pages that robots.txt disallows are skipped
    unless `respect_robots` is false.
    """

    url: str = Field(min_length=1, max_length=2000)
    text: Literal["main", "full"] = "main"
    requests_per_second: float = Field(default=2.0, ge=0.05, le=20)
    respect_robots: bool = True


class PageSettings(WebSourceSettings):
    """Settings of the kind `page`: one web page."""


class PageSetSettings(WebSourceSettings):
    """Settings of all sources that read several web pages.

    `include` and `exclude` are patterns of URLs with `*` and `?`; a page must match one of `include`, if there are any,
    and none of `exclude`.
    """

    max_pages: int = Field(default=1000, ge=1, le=MAX_PAGES)
    include: tuple[str, ...] = Field(default=(), max_length=MAX_PATTERNS)
    exclude: tuple[str, ...] = Field(default=(), max_length=MAX_PATTERNS)


class SitemapSettings(PageSetSettings):
    """Settings of the kind `sitemap`: the pages of a sitemap. `url` is the sitemap, or a site that has one."""


class CrawlSettings(PageSetSettings):
    """Settings of the kind `crawl`: a page and the pages that it links to, up to `max_depth` links away.

    `scope` is `prefix` (pages whose URL begins with the folder of `url`) or `domain` (the host and its subdomains).
    """

    scope: Literal["prefix", "domain"] = "prefix"
    max_depth: int = Field(default=3, ge=0, le=50)


class NotionSettings(Record):
    """Settings of the kind `notion`. Without `pages`, all pages that are shared with the integration are read.

    `pages` are ids or URLs of pages and databases, which are read with everything below them.
    """

    pages: tuple[str, ...] = Field(default=(), max_length=1000)
    max_pages: int = Field(default=20_000, ge=1, le=MAX_PAGES)
    api_url: str = Field(default=NOTION_API_URL, max_length=2000)


class NotionExportSettings(Record):
    """Settings of the kind `notion_export`. `archive` is the blob of the uploaded ZIP file."""

    archive: str | None = None


class FileSetSettings(Record):
    """Settings of all sources that read files. `include` and `exclude` are patterns of paths with `*` and `?`."""

    max_files: int = Field(default=20_000, ge=1, le=1_000_000)
    include: tuple[str, ...] = Field(default=(), max_length=MAX_PATTERNS)
    exclude: tuple[str, ...] = Field(default=(), max_length=MAX_PATTERNS)


class FolderSettings(FileSetSettings):
    """Settings of the kind `folder`: a folder on the server, inside one of `knowledge_folders`."""

    path: str = Field(min_length=1, max_length=4000)


class BucketSettings(FileSetSettings):
    """Settings of the kind `bucket`: the objects below an `s3://BUCKET/PREFIX`, or of an S3-compatible `endpoint`."""

    url: str = Field(pattern=r"^s3://[a-z0-9][a-z0-9._-]{1,62}(/.*)?$", max_length=2000)
    endpoint: str | None = Field(default=None, max_length=2000)
    region: str | None = Field(default=None, pattern=r"^[a-z0-9-]{1,40}$")

    @field_validator("url")
    @classmethod
    def _strip_slash(cls, value: str) -> str:
        return value.rstrip("/")


SETTINGS_BY_KIND: dict[SourceKind, type[Record]] = {
    "page": PageSettings,
    "sitemap": SitemapSettings,
    "crawl": CrawlSettings,
    "notion": NotionSettings,
    "notion_export": NotionExportSettings,
    "folder": FolderSettings,
    "bucket": BucketSettings,
}


def parse_settings(kind: SourceKind, values: dict[str, Any]) -> Record:
    """Return the settings of a kind of source.

    Raises: InvalidInput if a setting is missing, unknown or out of bounds.
    """
    model = SETTINGS_BY_KIND[kind]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or kind}: {fault['msg']}" for fault in error.errors()[:5]]
        names = ", ".join(model.model_fields)
        message = f"invalid settings of a source of kind {kind!r}: {'; '.join(faults)}"
        raise InvalidInput(message, f"settings of this kind: {names}") from error
