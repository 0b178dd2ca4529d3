"""Choice of the connector of a source by its settings."""

import threading
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import urlsplit

from vong.errors import InvalidInput
from vong.knowledge.sources.connector import Connector
from vong.knowledge.sources.files.bucket import BucketConnector, check_endpoint
from vong.knowledge.sources.files.folder import FolderConnector, check_folder
from vong.knowledge.sources.http.addresses import AddressPolicy
from vong.knowledge.sources.http.client import SourceHttpClient
from vong.knowledge.sources.http.urls import normalize_url
from vong.knowledge.sources.notion.client import parse_id
from vong.knowledge.sources.notion.connector import NotionConnector
from vong.knowledge.sources.notion.export import NotionExportConnector
from vong.knowledge.sources.settings import (
    BucketSettings,
    CrawlSettings,
    FolderSettings,
    NotionSettings,
    PageSettings,
    SitemapSettings,
    WebSourceSettings,
)
from vong.knowledge.sources.web.connectors import CrawlConnector, PageConnector, SitemapConnector, WebServices
from vong.records import Record

NOTION_REQUESTS_PER_SECOND = 3.0
"""Average rate that Notion allows an integration."""


class ConnectorServices(NamedTuple):
    """What connectors need: the policy for addresses, the folders that may be read, the secret, and the stop event."""

    policy: AddressPolicy
    folders: tuple[Path, ...]
    secret: str | None
    stop: threading.Event


def open_connector(settings: Record, services: ConnectorServices, archive: IO[bytes] | None = None) -> Connector:
    """Return the connector of a source. `archive` is the open export of the kind `notion_export`.

    Raises: InvalidInput or Misconfigured if a setting or the secret is missing; Forbidden if an address is refused.
    """
    if isinstance(settings, WebSourceSettings):
        return _open_web(settings, services)
    if isinstance(settings, NotionSettings):
        http = SourceHttpClient(services.policy, requests_per_second=NOTION_REQUESTS_PER_SECOND, stop=services.stop)
        return NotionConnector(settings, http, services.secret)
    if isinstance(settings, FolderSettings):
        return FolderConnector(settings, services.folders)
    if isinstance(settings, BucketSettings):
        return BucketConnector(settings, services.secret, services.policy)
    if archive is None:
        hint = "upload the ZIP file: vong knowledge sources upload BASE NAME FILE"
        raise InvalidInput("the source has no export", hint)
    return NotionExportConnector(archive)


def check_settings(settings: Record, services: ConnectorServices) -> None:
    """Check the addresses, ids and folders of settings before they are stored, without a connection.

    Raises: InvalidInput or Forbidden if one of them is refused.
    """
    if isinstance(settings, WebSourceSettings):
        start = normalize_url(settings.url)
        if start is None:
            raise InvalidInput(f"{settings.url[:200]!r} is not an http(s) address", "write it as http(s)://HOST/PATH")
        services.policy.check_url(start)
    elif isinstance(settings, NotionSettings):
        services.policy.check_url(settings.api_url)
        for page in settings.pages:
            parse_id(page)
    elif isinstance(settings, FolderSettings):
        check_folder(settings.path, services.folders)
    elif isinstance(settings, BucketSettings) and settings.endpoint is not None:
        check_endpoint(settings.endpoint, services.policy)


def secret_origin(settings: Record) -> tuple[str, ...]:
    """Return the destination of the secret of a source. A stored secret is not sent to another one."""
    if isinstance(settings, WebSourceSettings):
        parts = urlsplit(normalize_url(settings.url) or "")
        return parts.scheme, parts.netloc
    if isinstance(settings, NotionSettings):
        parts = urlsplit(settings.api_url)
        return parts.scheme, parts.netloc.lower()
    return (settings.endpoint or "",) if isinstance(settings, BucketSettings) else ()


def _open_web(settings: WebSourceSettings, services: ConnectorServices) -> Connector:
    client = SourceHttpClient(services.policy, requests_per_second=settings.requests_per_second, stop=services.stop)
    web = WebServices(client, services.secret)
    if isinstance(settings, SitemapSettings):
        return SitemapConnector(settings, web)
    if isinstance(settings, CrawlSettings):
        return CrawlConnector(settings, web)
    assert isinstance(settings, PageSettings)
    return PageConnector(settings, web)
