"""Fixtures of the tests of the gateway: servers on loopback, and a fake upstream for them."""

import itertools
import socket
import ssl
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conftest import fresh_database
from vong import access
from vong.api import app as rest
from vong.api.asgi import create_served_application
from vong.app import Platform
from vong.client import Client
from vong.config import PriceSettings, ProviderSettings, Settings
from vong.records import Span, now
from vong.store.database import Database
from vong.store.spans.schema import decode_span, spans

from .fake_upstream import FakeUpstream

ROUTES = (
    *("gateway", "gateway_guards", "gateway_prices", "batches", "access", "health", "traces", "feedback", "jobs"),
    *("prompts", "prompts_statistics"),
)
"""Route modules that these tests use."""


@pytest.fixture(scope="session")
def upstream_port() -> int:
    """Return the port of the fake upstream of every test. The shared server has it in its settings."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def fake(upstream_port: int) -> Iterator[FakeUpstream]:
    """Start a fake upstream for one test."""
    started = FakeUpstream(upstream_port).start()
    yield started
    started.stop()


def create_settings(home: Path, database_url: str, port: int) -> Settings:
    """Return settings with all providers of the tests. The fake upstream listens on `port`."""
    url = f"http://127.0.0.1:{port}/v1"
    providers = {
        "echo": ProviderSettings(kind="echo"),
        "faults": ProviderSettings(kind="faults"),
        "patient": ProviderSettings(kind="faults", timeout=30.0),  # for busy machines
        "fake": ProviderSettings.model_validate({"base_url": url, "api_key": "upstream-secret", "timeout": 1.0}),
        "keyless": ProviderSettings(base_url=url, api_key_env="VONG_TEST_NO_SUCH_KEY"),
        "dead": ProviderSettings(base_url="http://127.0.0.1:9/v1"),
        "claude": ProviderSettings.model_validate({"kind": "anthropic", "base_url": url, "api_key": "sk-ant"}),
        "priced": ProviderSettings(base_url=url),
        "vllm": ProviderSettings(kind="vllm", base_url=url),
    }
    prices = {
        "priced/plain": PriceSettings(input=1e6, output=2e6, cached=0.5e6),
        "priced/endless": PriceSettings(input=1e6, output=2e6),
        "priced/embedding": PriceSettings(input=1000),
    }
    more: dict[str, Any] = {"max_request_bytes": 100_000, "machine_price_per_hour": 36_000}
    return Settings(home=home, database_url=database_url, providers=providers, prices=prices, **more)


class Server:
    """Running server with one project: its key, its client and its recorded spans."""

    def __init__(self, platform: Platform, project_id: UUID, url: str, key: str) -> None:
        self.platform = platform
        self.project_id = project_id
        self.url = url
        self.key = key
        self.client = Client(url, key)

    def spans(self) -> list[Span]:
        """Return the spans of all calls of the project, oldest first."""
        return [span for span in self.all_spans() if span.kind != "attempt"]

    def attempt_spans(self) -> list[Span]:
        """Return the spans of attempts, oldest first."""
        return [span for span in self.all_spans() if span.kind == "attempt"]

    def all_spans(self) -> list[Span]:
        """Return all spans of the project, oldest first."""
        time.sleep(0.02)  # the last bytes may reach the client a moment before the span is created
        self.platform.span_writer.flush(60)
        with self.platform.scope(self.project_id) as connection:
            return [decode_span(row) for row in connection.execute(spans.select().order_by(spans.c.id))]

    def span(self) -> Span:
        """Return the only span."""
        (only,) = self.spans()
        return only


class Running(NamedTuple):
    """Server that many tests share.

    Each test has its own project with separate routes, limits, circuits, spans and cache.
    """

    platform: Platform
    database: Database
    url: str


@pytest.fixture(scope="session")
def standing(postgres_url: str, tmp_path_factory: pytest.TempPathFactory, upstream_port: int) -> Iterator[Running]:
    """Start the server of the fixture `server`."""
    home = tmp_path_factory.mktemp("standing")
    with fresh_database(postgres_url) as url, serving(Platform(create_settings(home, url, upstream_port))) as server:
        yield server


@pytest.fixture
def database(standing: Running) -> Database:
    """Return the database of the shared server."""
    return standing.database


@pytest.fixture
def project_id(database: Database) -> UUID:
    """Create a project for one test."""
    return new_project(database)


@pytest.fixture
def server(standing: Running, fake: FakeUpstream) -> Iterator[Server]:
    """Create a project on the shared server for one test, with a fake upstream."""
    with project_server(standing) as server:
        yield server


@pytest.fixture
def platform(database_url: str, tmp_path: Path, fake: FakeUpstream) -> Platform:
    """Create the platform of `dedicated_server`. Modules that need other settings override it."""
    return Platform(create_settings(tmp_path, database_url, fake.port))


@pytest.fixture
def dedicated_server(platform: Platform) -> Iterator[Server]:
    """Start a server with its own database for one test."""
    with serving(platform) as running, project_server(running) as server:
        yield server


@pytest.fixture(scope="session")
def minimal_server(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start the server of the fixture `module_server`."""
    providers = {name: ProviderSettings(kind=name) for name in ("echo", "faults")}
    with fresh_database(postgres_url) as url:
        settings = Settings(home=tmp_path_factory.mktemp("lean"), database_url=url, providers=providers)
        with serving(Platform(settings)) as server:
            yield server


@pytest.fixture(scope="module")
def module_server(minimal_server: Running) -> Iterator[Server]:
    """Create a project that all tests of a module share, with the providers `echo` and `faults`."""
    with project_server(minimal_server) as server:
        yield server


@contextmanager
def serving(platform: Platform, *, all_routes: bool = False) -> Generator[Running]:
    """Serve a platform on loopback, with the route modules that the tests of the gateway use or with all."""
    database = Database(platform.database.url, pool=3)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rest, "ROUTES", rest.ROUTES if all_routes else ROUTES)
        served = create_served_application(platform)
    config = uvicorn.Config(served.app, loop="uvloop", http=served.protocol_class, log_config=None, lifespan="on")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.005)
    yield Running(platform, database, f"http://127.0.0.1:{listening.getsockname()[1]}")
    running.should_exit = True
    thread.join(60)  # for busy machines
    assert not thread.is_alive()
    database.close()


@contextmanager
def project_server(running: Running) -> Generator[Server]:
    """Create a project with an owner key on a running server."""
    project_id = new_project(running.database)
    with running.database.scope(project_id) as connection:
        key = access.create_key(connection, "tester", role="owner").secret
    server = Server(running.platform, project_id, running.url, key)
    yield server
    server.client.close()


def new_project(database: Database) -> UUID:
    """Create a project that no other test uses."""
    with database.owner() as connection:
        return access.create_project(connection, f"project-{next(_projects)}").id


_projects = itertools.count()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return a TLS server context for `localhost`, and a client context that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    server = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    plain = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(pem, pkcs8, plain) + server.public_bytes(pem))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    return serving, ssl.create_default_context(cafile=str(file))
