"""Web server of the tests of sources: pages in memory, a log of the requests, and syncs against a test database."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from uuid import UUID

from vong.knowledge.sources import items, store
from vong.knowledge.sources.connector import Connector
from vong.knowledge.sources.connectors import ConnectorServices, open_connector
from vong.knowledge.sources.definitions import SourceItem, SourceSync
from vong.knowledge.sources.http.addresses import AddressPolicy
from vong.knowledge.sources.settings import SourceKind, parse_settings
from vong.knowledge.sources.sync import SourceSynchronizer, SyncServices
from vong.knowledge.tables import documents
from vong.records import new_id
from vong.store.blobs import BlobStore
from vong.store.database import Database

HTML = "text/html; charset=utf-8"


class Answer(NamedTuple):
    """Response of the site to one path."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = {}


class Site:
    """Pages by path with the query; a function makes an answer of the request's headers and body."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer | Callable[[dict[str, str], bytes], Answer]] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", 0)))
                site.requests.append((self.command, self.path, headers))
                found = site.pages.get(self.path, Answer(b"not found", 404))
                answer = found(headers, body) if callable(found) else found
                self.send_response(answer.status)
                for name, value in {"content-length": str(len(answer.body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            do_POST = do_GET  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                """Write nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def page(self, path: str, body: str, **headers: str) -> None:
        """Set an HTML page. `etag` and others are its headers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        text = f"<html lang='en'><head><title>Page {path}</title></head><body>{body}</body></html>"

        def answer(request: dict[str, str], _: bytes) -> Answer:
            if "etag" in named and request.get("if-none-match") == named["etag"]:
                return Answer(b"", 304, {"etag": named["etag"]})
            return Answer(text.encode(), 200, {"content-type": HTML, **named})

        self.pages[path] = answer

    def paths(self) -> list[str]:
        """Return the paths of the requests, without robots.txt, and forget them."""
        found = [path for _, path, _ in self.requests if path != "/robots.txt"]
        self.requests.clear()
        return found

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def open_site() -> Generator[Site]:
    """Run a site for the duration of the block."""
    site = Site()
    try:
        yield site
    finally:
        site.close()


class SourceBench:
    """Sources of a test project, synchronized without jobs and without loading the documents."""

    def __init__(self, database: Database, project_id: UUID, blobs: BlobStore) -> None:
        self.database = database
        self.project_id = project_id
        self.blobs = blobs
        self.check: Callable[[], None] = lambda: None

    def create(self, kind: SourceKind, name: str = "site", **settings: Any) -> None:
        with self.database.scope(self.project_id) as connection:
            new = store.NewSource("docs", name, kind, parse_settings(kind, settings))
            store.create_source(connection, new, "test")

    def sync(self, services: ConnectorServices, name: str = "site", **options: Any) -> SourceSync:
        """Run a new sync with the connector of the source, or with the one that is given."""
        with self.database.scope(self.project_id) as connection:
            source = store.get_source(connection, "docs", name)
            id = new_id()
            store.create_sync(connection, source.id, id, new_id(), force=options.get("force", False))
        return self.run(id, services, options.get("connector"), options.get("archive"))

    def run(
        self, id: UUID, services: ConnectorServices, connector: Connector | None = None, archive: Any = None
    ) -> SourceSync:
        """Run or continue a sync."""
        with self.database.scope(self.project_id) as connection:
            sync = store.get_sync(connection, id)
            source = store.find_source(connection, sync.source_id)
        settings = parse_settings(source.kind, source.settings)
        opened = connector or open_connector(settings, services, archive)
        try:
            return SourceSynchronizer(self._services(), source, sync, opened).run()
        finally:
            opened.close()

    def last(self, name: str = "site") -> SourceSync:
        with self.database.scope(self.project_id) as connection:
            return store.list_syncs(connection, store.get_source(connection, "docs", name).id)[0]

    def paths(self) -> list[str]:
        """Return the paths of the documents of the base."""
        with self.database.scope(self.project_id) as connection:
            rows = connection.execute(documents.select().order_by(documents.c.path)).mappings()
            return [row["path"] for row in rows]

    def text(self, path: str) -> str:
        """Return the stored bytes of a document as text."""
        with self.database.scope(self.project_id) as connection:
            row = connection.execute(documents.select().where(documents.c.path == path)).mappings().one()
        return self.blobs.get(row["blob"]).decode()

    def items(self, name: str = "site") -> dict[str, SourceItem]:
        with self.database.scope(self.project_id) as connection:
            source = store.get_source(connection, "docs", name)
            return {item.key: item for item in items.list_items(connection, source.id, limit=1000)}

    def _services(self) -> SyncServices:
        return SyncServices(
            scope=lambda: self.database.scope(self.project_id),
            put_blob=self.blobs.put,
            check=lambda: self.check(),
            progress=lambda *_: None,
            on_stored=lambda: None,
        )


def allow(*hosts: str, secret: str | None = None) -> ConnectorServices:
    """Return services whose policy allows hosts at private addresses."""
    return ConnectorServices(AddressPolicy(hosts), (), secret, threading.Event())


def counts(sync: SourceSync) -> dict[str, int]:
    """Return the counts of a sync that are not zero, without the total."""
    found = {name: getattr(sync, name) for name in store.COUNTED_OUTCOMES}
    return {name: count for name, count in found.items() if count}
