"""A whole server on loopback with the gateway's surface, and an upstream for it to call."""

import socket
import ssl
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conftest import fresh_database
from vong import access
from vong.api import server as rest
from vong.api.asgi import create_server
from vong.app import Platform
from vong.client import Client
from vong.config import PriceSettings, ProviderSettings, Settings
from vong.records import Span, now
from vong.store.database import Database
from vong.store.spans import decode, spans

from .fake_upstream import FakeUpstream

ROUTES = ("gateway", "gateway_guards", "gateway_prices", "batches", "access", "health", "traces", "feedback", "jobs")
"""The routes that these tests need."""


@pytest.fixture
def fake() -> Iterator[FakeUpstream]:
    started = FakeUpstream().start()
    yield started
    started.stop()


@pytest.fixture
def platform(database_url: str, tmp_path: Path, fake: FakeUpstream) -> Platform:
    providers = {
        "echo": ProviderSettings(kind="echo"),
        "faults": ProviderSettings(kind="faults"),
        "fake": ProviderSettings.model_validate({"base_url": fake.url, "api_key": "upstream-secret", "timeout": 1.0}),
        "keyless": ProviderSettings(base_url=fake.url, api_key_env="VONG_TEST_NO_SUCH_KEY"),
        "dead": ProviderSettings(base_url="http://127.0.0.1:9/v1"),
        "claude": ProviderSettings.model_validate({"kind": "anthropic", "base_url": fake.url, "api_key": "sk-ant"}),
        "priced": ProviderSettings(base_url=fake.url),
    }
    prices = {
        "priced/plain": PriceSettings(input=1e6, output=2e6, cached=0.5e6),
        "priced/endless": PriceSettings(input=1e6, output=2e6),
        "priced/embedding": PriceSettings(input=1000),
    }
    settings = Settings(home=tmp_path, database_url=database_url, providers=providers, prices=prices, max_body=100_000)
    return Platform(settings)


class Server:
    """A running server, its keys, and what it recorded."""

    def __init__(self, platform: Platform, project_id: UUID, url: str, key: str) -> None:
        self.platform = platform
        self.project_id = project_id
        self.url = url
        self.key = key
        self.client = Client(url, key)

    def spans(self) -> list[Span]:
        """The spans of all calls of the project, oldest first."""
        return [span for span in self.everything() if span.kind != "attempt"]

    def steps(self) -> list[Span]:
        """The spans of attempts, oldest first."""
        return [span for span in self.everything() if span.kind == "attempt"]

    def everything(self) -> list[Span]:
        """All spans of the project, oldest first."""
        time.sleep(0.02)  # the last bytes may reach a caller a moment before the span is made
        self.platform.journal.flush(60)
        with self.platform.scope(self.project_id) as connection:
            return [decode(row) for row in connection.execute(spans.select().order_by(spans.c.id))]

    def span(self) -> Span:
        """The only one."""
        (only,) = self.spans()
        return only


@pytest.fixture
def server(
    platform: Platform, database: Database, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    monkeypatch.setattr(rest, "ROUTES", ROUTES)
    with serving(platform, database, project_id) as made:
        yield made


@pytest.fixture(scope="module")
def lasting(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that all tests of a module share, with `echo` and `faults` behind it."""
    providers = {name: ProviderSettings(kind=name) for name in ("echo", "faults")}
    with fresh_database(postgres_url) as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(rest, "ROUTES", ROUTES)
        database = Database(url, pool=3)
        with database.owner() as connection:
            project_id = access.create_project(connection, "default").id
        settings = Settings(home=tmp_path_factory.mktemp("home"), database_url=url, providers=providers)
        with serving(Platform(settings), database, project_id) as made:
            yield made
        database.close()


@contextmanager
def serving(platform: Platform, database: Database, project_id: UUID) -> Generator[Server]:
    """Serve a platform on loopback, with a key of the project's owner."""
    with database.scope(project_id) as connection:
        key = access.create_key(connection, "tester", role="owner").secret
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    served = create_server(platform)
    config = uvicorn.Config(served.app, loop="uvloop", http=served.listener, log_config=None, lifespan="on")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.005)
    made = Server(platform, project_id, f"http://127.0.0.1:{listening.getsockname()[1]}", key)
    yield made
    made.client.close()
    running.should_exit = True
    thread.join(60)  # a busy machine may take long
    assert not thread.is_alive()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A TLS context that serves as `localhost`, and one that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
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
    file.write_bytes(key.private_bytes(pem, pkcs8, plain) + made.public_bytes(pem))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    return serving, ssl.create_default_context(cafile=str(file))
