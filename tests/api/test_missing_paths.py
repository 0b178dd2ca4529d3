"""Paths that do not exist, wrong methods and pages for programs, without a database."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from vong.api.app import create_app
from vong.api.http.missing_paths import ENDPOINT_SUFFIXES, UNSERVED_APIS, describe_missing_v1
from vong.api.http.openapi import ERRORS, PUBLIC_OPERATIONS
from vong.api.routes.console import PAGES
from vong.app import Platform
from vong.config import Settings
from vong.gateway.endpoints import ENDPOINT_PATHS

WEB = Path(__file__).parents[2] / "web" / "src"
ACCEPTS = ("*/*", "application/json", "text/event-stream", "application/json, text/event-stream", "")
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    yield TestClient(create_app(Platform(Settings(database_url="postgresql://nowhere.invalid/vong"))))


@pytest.mark.parametrize("accept", ACCEPTS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["/models", "/chat/completions", "/messages", "/embeddings", "/files", "/responses/x"])
def test_a_base_url_without_v1_is_named(client: TestClient, path: str, method: str, accept: str) -> None:
    answer = client.request(method, path, headers={"accept": accept})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    if method != "HEAD":
        assert answer.json()["hint"] == "set the base_url of the client to http://testserver/v1"
        assert "/v1" in answer.json()["error"]["message"]


@pytest.mark.parametrize("prefix", [prefix for prefix in UNSERVED_APIS if not prefix.startswith("/v1/")])
@pytest.mark.parametrize("headers", [{"accept": "*/*"}, BROWSER], ids=["program", "browser"])
def test_an_api_that_is_not_served_is_named(client: TestClient, prefix: str, headers: dict[str, str]) -> None:
    for path in (prefix, f"{prefix}/some/thing"):
        for method in ("GET", "POST"):
            answer = client.request(method, path, headers=headers)
            assert answer.status_code == 404, path
            assert UNSERVED_APIS[prefix][0] in answer.json()["detail"] and answer.json()["hint"]


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/nothing", "/api/v1/data/x/y/z", "/api/v1/chat/completions"])
def test_a_missing_path_of_the_api_is_named(client: TestClient, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        problem = client.request(method, path, headers=BROWSER).json()
        assert (problem["status"], problem["code"]) == (404, "not_found")
        assert path in problem["detail"]


def test_a_browser_gets_the_console_everywhere_and_a_program_at_its_pages(client: TestClient) -> None:
    for path in ("/", "/gateway/routes", "/login", "/settings/about"):
        for headers in ({"accept": "*/*"}, BROWSER, {"accept": "application/json"}):
            assert client.get(path, headers=headers).headers["content-type"].startswith("text/html"), path
    assert client.get("/some/page", headers=BROWSER).headers["content-type"].startswith("text/html")
    assert client.get("/some/page").status_code == 404
    for path in ("/", "/gateway"):
        answer = client.post(path)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_every_page_of_the_console_is_known() -> None:
    texts = [file.read_text(encoding="utf-8") for file in WEB.glob("stages/*/routes.tsx")]
    roots = {path.split("/")[1] for text in texts for path in re.findall(r'path: "(/[^"]*)"', text)} - {""}
    assert len(roots) > 10 and roots <= PAGES


def test_a_wrong_method_lists_the_methods_of_the_path(client: TestClient) -> None:
    paths: dict[str, Any] = client.get("/api/openapi.json").json()["paths"]
    accepted = {re.sub(r"\{\w+\}", "x", path): {method.upper() for method in ways} for path, ways in paths.items()}
    patterns = [(re.sub(r"\{\w+\}", "[^/]+", path), ways) for path, ways in paths.items()]
    for path in accepted:  # `questions/import` is also a path of `questions/{id}`
        accepted[path] |= {m.upper() for pattern, ways in patterns if re.fullmatch(pattern, path) for m in ways}
    for path, methods in accepted.items():
        refused = next(method for method in ("PATCH", "DELETE", "PUT", "POST") if method not in methods)
        answer = client.request(refused, path)
        allowed = set(answer.headers["allow"].split(", "))
        assert answer.status_code == 405 and methods <= allowed and refused not in allowed, path


def test_every_operation_describes_security_and_errors(client: TestClient) -> None:
    schema = client.get("/api/openapi.json").json()
    assert set(schema["components"]["securitySchemes"]) == {"bearer", "x-api-key", "session"}
    for methods in schema["paths"].values():
        for operation in methods.values():
            is_public = operation["operationId"] in PUBLIC_OPERATIONS
            assert bool(operation["security"]) != is_public
            assert is_public or {"401", "403", "404", "422", "500", "503"} <= set(operation["responses"])
            for status, response in operation["responses"].items():
                if status in ERRORS and "$ref" in response:
                    assert response["$ref"] == f"#/components/responses/{status}"
    assert "HTTPValidationError" not in str(schema)


def test_an_invalid_value_is_named_without_the_word_loc(client: TestClient) -> None:
    answer = client.post("/api/v1/access/session", json={"email": "a"})
    assert answer.json()["detail"] == "password in the body: Field required"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1/v1/messages", "remove it from the end"),
        ("/v1/v1/chat/completions", "remove it from the end"),
        ("/v1/traces", "/api/v1/traces/spans"),
        ("/v1/images/generations", "docs/guides/gateway.md"),
        *((f"{path}/{suffix}", "base_url ends in /v1") for path in ENDPOINT_PATHS for suffix in ENDPOINT_SUFFIXES),
    ],
)
def test_a_missing_path_under_v1_has_a_hint(path: str, said: str) -> None:
    message, hint = describe_missing_v1(path)
    assert path in message and said in hint
