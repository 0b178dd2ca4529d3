"""Addresses, redirects, sizes and times of the HTTP client of sources."""

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Iterator

import pytest

from tests.knowledge.source_site import Answer, Site, open_site
from vong.errors import Forbidden, InvalidInput, JobCancelled, UpstreamFailed, VongError
from vong.knowledge.sources.http import client as client_module
from vong.knowledge.sources.http.addresses import AddressPolicy
from vong.knowledge.sources.http.client import RequestLimits, SourceHttpClient, parse_retry_after
from vong.knowledge.sources.http.urls import document_path, normalize_url
from vong.network_addresses import is_public_address, parse_address


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with open_site() as site:
        yield site


@pytest.fixture(autouse=True)
def no_rate_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SourceHttpClient, "_wait_for_turn", lambda *_: None)
    monkeypatch.setattr(client_module, "FIRST_RETRY_SECONDS", 0.001)


def open_client(*hosts: str, limits: RequestLimits | None = None) -> SourceHttpClient:
    return SourceHttpClient(AddressPolicy(hosts), limits=limits)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://10.0.0.8/",
        "http://192.168.1.1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::a00:1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.google.internal/",
        "http://[fd00:ec2::254]/",
    ],
)
def test_private_and_metadata_addresses_are_refused(url: str) -> None:
    with pytest.raises(Forbidden):
        open_client().get(url)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://x.test/", "http://a:b@x.test/", "http://x.test:0/", "http:///x"]
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        open_client().get(url)


def test_an_allowed_host_stays_refused_at_metadata_addresses() -> None:
    policy = AddressPolicy(["169.254.169.254", "metadata", "lan.test"])
    for url in ("http://169.254.169.254/", "http://metadata/"):
        with pytest.raises(Forbidden):
            policy.check_url(url)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1", True),
        ("64:ff9b::808:808", True),
        ("64:ff9b::a00:1", False),
        ("192.0.0.8", False),
        ("2002:a00:1::", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("fc00::1", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    parsed = parse_address(address)
    assert parsed is not None
    assert is_public_address(parsed) is public


def test_a_name_is_checked_by_the_address_of_the_connection(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first resolution is public, every later one private, as in an attack by rebinding."""
    port = int(site.host.rpartition(":")[2])
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, *args: object, **options: object) -> object:
        if host != "rebind.test":
            return real(host, *args, **options)  # pyright: ignore[reportArgumentType]
        asked.append(host)
        address = "8.8.8.8" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    connected: list[str] = []

    def connect(self: object, host: str, *_: object) -> None:
        import httpcore

        connected.append(host)
        raise httpcore.ConnectError("stopped here")

    monkeypatch.setattr("httpcore.SyncBackend.connect_tcp", connect)
    site.requests.clear()
    with pytest.raises(VongError):
        open_client().get(f"http://rebind.test:{port}/")
    assert set(connected) == {"8.8.8.8"}
    assert not site.requests


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(Forbidden, match=r"10\.0\.0\.1"):
        open_client().get("http://both.test/")


@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254/", "http://127.0.0.1:1/", "http://[::1]/", "file:///etc/passwd", "http://2130706433/"],
)
def test_redirects_to_refused_addresses_are_not_followed(site: Site, target: str) -> None:
    site.pages["/away"] = Answer(b"", 302, {"location": target})
    with pytest.raises((Forbidden, InvalidInput)):
        open_client(site.host).get(f"{site.url}/away")


def test_endless_redirects_end(site: Site) -> None:
    site.pages["/loop"] = Answer(b"", 302, {"location": "/loop"})
    with pytest.raises(UpstreamFailed, match="more than 10 redirects"):
        open_client(site.host).get(f"{site.url}/loop")


def test_sizes_are_bounded_also_after_decompression(site: Site) -> None:
    client = open_client(site.host, limits=RequestLimits(max_bytes=100_000))
    site.pages["/large"] = Answer(b"x" * 200_000)
    site.pages["/bomb"] = Answer(gzip.compress(b"x" * 50_000_000), 200, {"content-encoding": "gzip"})
    for path in ("/large", "/bomb"):
        with pytest.raises(InvalidInput, match=r"larger than 0\.1 MB"):
            client.get(f"{site.url}{path}")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw-deflate"])
def test_compressed_answers_are_read(site: Site, encoding: str) -> None:
    text = b"The lantern costs nineteen crowns. " * 100
    raw = zlib.compressobj(wbits=-15)
    bodies = {
        "gzip": gzip.compress(text),
        "deflate": zlib.compress(text),
        "raw-deflate": raw.compress(text) + raw.flush(),
    }
    site.pages["/c"] = Answer(bodies[encoding], 200, {"content-encoding": encoding.removeprefix("raw-")})
    assert open_client(site.host).get(f"{site.url}/c").body == text
    site.pages["/cut"] = Answer(gzip.compress(text)[:-20], 200, {"content-encoding": "gzip"})
    with pytest.raises(UpstreamFailed, match="ends too early"):
        open_client(site.host).get(f"{site.url}/cut")


def test_slow_answers_end_in_time() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def drip() -> None:
        connection, _ = listener.accept()
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        for _ in range(100):
            try:
                connection.sendall(b"x")
            except OSError:
                return
            time.sleep(0.02)

    threading.Thread(target=drip, daemon=True).start()
    client = open_client(f"127.0.0.1:{port}", limits=RequestLimits(total_seconds=0.1))
    started = time.monotonic()
    listener.settimeout(0.1)
    with pytest.raises(UpstreamFailed):
        client._send_once("GET", f"http://127.0.0.1:{port}/", {}, None, None)
    assert time.monotonic() - started < 1.5
    listener.close()


def test_busy_servers_are_asked_again_after_the_time_they_name(site: Site) -> None:
    answers = [Answer(b"", 429, {"retry-after": "0"}), Answer(b"", 503), Answer(b"ready")]
    site.pages["/busy"] = lambda *_: answers.pop(0)
    assert open_client(site.host).get(f"{site.url}/busy").body == b"ready"
    assert parse_retry_after("1.5") == 1.5
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert parse_retry_after("soon") is None


def test_a_stop_ends_every_wait(site: Site) -> None:
    stop = threading.Event()
    client = SourceHttpClient(AddressPolicy([site.host]), stop=stop)
    site.pages["/wait"] = Answer(b"", 429, {"retry-after": "100"})
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(JobCancelled):
        client.get(f"{site.url}/wait")


@pytest.mark.parametrize(
    ("url", "base", "normal"),
    [
        ("HTTP://Example.TEST:80/a/../b#x", "", "http://example.test/b"),
        ("c?utm_source=1&x=2", "https://x.test/a/b", "https://x.test/a/c?x=2"),
        ("//y.test", "https://x.test/", "https://y.test/"),
        ("/tài liệu", "https://x.test/", "https://x.test/t%C3%A0i%20li%E1%BB%87u"),
        ("https://bücher.test/", "", "https://xn--bcher-kva.test/"),
        ("javascript:alert(1)", "https://x.test/", None),
        ("http://[bad", "", None),
        ("/%7euser", "https://x.test/", "https://x.test/%7Euser"),
    ],
)
def test_urls_have_one_form(url: str, base: str, normal: str | None) -> None:
    assert normalize_url(url, base) == normal


def test_paths_of_documents() -> None:
    assert document_path("https://x.test/", ".html") == "x.test/index.html"
    assert document_path("https://x.test/a/b.php?id=3", ".html") == "x.test/a/b_id=3.html"
    assert document_path("https://x.test/t%C3%A0i", ".html") == "x.test/tài.html"
    assert len(document_path("https://x.test/" + "a" * 5000, ".html")) < 450
