from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from vong.api.app import create_app
from vong.api.routes import console
from vong.app import Platform
from vong.config import Settings

SCRIPT = b"console.log('hello')" * 100


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html><title>Vong console</title>")
    (static / "assets" / "main-abc123.js").write_bytes(SCRIPT)
    (static / "assets" / "main-abc123.js.gz").write_bytes(b"gzipped")
    (static / "assets" / "main-abc123.js.br").write_bytes(b"brotli")
    (static / "assets" / "inter.woff2").write_bytes(b"font")
    (static / ".sources").write_text("hidden")
    (tmp_path / "secret.txt").write_text("outside")
    monkeypatch.setattr(console, "STATIC", static)
    return static


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[TestClient]:
    monkeypatch.setattr(console, "STATIC", tmp_path / "static")
    yield TestClient(create_app(Platform(Settings(database_url="postgresql://nowhere.invalid/vong"))))


@pytest.mark.parametrize("path", ["/", "/login", "/data/tickets@3", "/traces?model=a.b", "/apiary", "/data/v1.2/rows"])
def test_every_page_path_returns_the_console(built: Path, client: TestClient, path: str) -> None:
    client.headers["accept"] = "text/html"
    answer = client.get(path)
    assert (answer.status_code, "Vong console" in answer.text) == (200, True)
    assert answer.headers["cache-control"] == "no-cache"
    assert client.get(path, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    assert client.head(path).headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize(
    "path",
    [
        *("/assets/gone-abc.js", "/favicon.png", "/.sources", "/assets/../.sources", "/%2e%2e/secret.txt"),
        *("/..%2fsecret.txt", "/assets/..%2f..%2fsecret.txt", "//etc/hosts.x", "/%00.js"),
    ],
)
def test_missing_hidden_and_outside_files_return_404(built: Path, client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404, answer.text
    assert "outside" not in answer.text


@pytest.mark.parametrize(("path", "status"), [("/api/v1/nothing", 404), ("/v1", 404), ("/api/v1/access/password", 405)])
def test_a_missing_api_route_does_not_return_the_console(
    built: Path, client: TestClient, path: str, status: int
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [
        ("gzip, deflate, br", "br", b"brotli"),
        ("gzip", "gzip", b"gzipped"),
        ("br;q=0, gzip;q=0.5", "gzip", b"gzipped"),
        ("br;q=0.0", None, SCRIPT),
        ("identity", None, SCRIPT),
    ],
)
def test_assets_are_immutable_and_sent_in_the_best_accepted_encoding(
    built: Path, client: TestClient, accepted: str, encoding: str | None, body: bytes
) -> None:
    with client.stream("GET", "/assets/main-abc123.js", headers={"accept-encoding": accepted}) as answer:
        assert b"".join(answer.iter_raw()) == body
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["vary"] == "Accept-Encoding"


def test_files_without_a_compressed_copy_are_sent_as_stored(built: Path, client: TestClient) -> None:
    answer = client.get("/assets/inter.woff2", headers={"accept-encoding": "br"})
    assert (answer.content, answer.headers["content-type"]) == (b"font", "font/woff2")


@pytest.mark.parametrize("path", ["/", "/assets/inter.woff2", "/api/docs", "/api/docs.js"])
def test_the_content_security_policy_allows_no_inline_script_and_no_other_origin(
    built: Path, client: TestClient, path: str
) -> None:
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert (policy["default-src"], policy["script-src"], policy["connect-src"]) == ("'self'",) * 3
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert {"referrer-policy", "permissions-policy"} <= set(headers)


def test_without_a_build_the_page_explains_how_to_build_the_console(client: TestClient) -> None:
    page = client.get("/").text
    assert "make up" in page and "/api/docs" in page and "<script" not in page
    assert "/api/openapi.json" in client.get("/api/docs").text
    assert "<script" not in client.get("/api/docs").text


def test_the_api_documentation_needs_no_network(built: Path, client: TestClient) -> None:
    (built / "swagger").mkdir()
    for name in ("swagger-ui.css", "swagger-ui-bundle.js"):
        (built / "swagger" / name).write_text("/* swagger */")
    page = client.get("/api/docs").text
    assert "http" not in page.replace("<!doctype html>", "")
    for address in ("/swagger/swagger-ui.css", "/swagger/swagger-ui-bundle.js", "/api/docs.js"):
        assert f'"{address}"' in page
        assert client.get(address).status_code == 200
    assert "/api/openapi.json" in client.get("/api/docs.js").text
