"""Fuzzing of the gateway routes and `/v1` from their OpenAPI description: no request causes a server error."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.openapi import from_dict

from tools import reference
from vong.api.openai.openapi import BODIES, build_openapi
from vong.gateway.endpoints import ENDPOINT_PATHS

from .conftest import Server

EXAMPLES = 3
SETTINGS: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def gateway_routes() -> dict[str, Any]:
    whole = reference.description()
    paths = {path: ways for path, ways in whole["paths"].items() if path.startswith("/api/v1/gateway")}
    return {**whole, "paths": {path: ways for path, ways in paths.items() if not path.endswith(("/events", "/test"))}}


def models(case: schemathesis.Case[Any]) -> None:
    """Set an existing model. Otherwise every request would end at the model name."""
    if isinstance(case.body, dict) and "model" in case.body:
        case.body["model"] = "echo/echo"


def assert_no_server_errors(server: Server, schema: dict[str, Any], examples: int) -> list[str]:
    """Send `examples` requests of each kind to every operation and assert that none causes a server error."""
    failed, headers = list[str](), {"authorization": f"Bearer {server.key}"}
    with requests.Session() as session:
        for result in from_dict(schema).get_all_operations():
            assert isinstance(result, Ok)
            operation = result.ok()
            for mode in GenerationMode:

                @settings(max_examples=examples, derandomize=True, database=None, **SETTINGS)
                @given(operation.as_strategy(generation_mode=mode))
                def send(case: schemathesis.Case[Any]) -> None:
                    models(case)
                    answer = case.call(base_url=server.url, session=session, headers=headers, timeout=60)
                    if answer.status_code >= 500:
                        failed.append(f"{case.method} {case.formatted_path}: {answer.text[:300]}\n{case.body!r:.1000}")

                with suppress(Unsatisfiable):  # operations without parameters have no invalid input
                    send()
    return failed


def test_every_endpoint_is_described() -> None:
    assert set(BODIES) == set(ENDPOINT_PATHS.values())
    assert set(ENDPOINT_PATHS) <= set(build_openapi()["paths"])


@pytest.mark.parametrize("schema", [gateway_routes, build_openapi])
def test_no_request_causes_a_server_error(module_server: Server, schema: Callable[[], dict[str, Any]]) -> None:
    assert assert_no_server_errors(module_server, schema(), EXAMPLES) == []


@pytest.mark.slow
@pytest.mark.parametrize("schema", [gateway_routes, build_openapi])
def test_no_request_of_many_causes_a_server_error(module_server: Server, schema: Callable[[], dict[str, Any]]) -> None:
    assert assert_no_server_errors(module_server, schema(), 200) == []


@pytest.mark.parametrize(
    ("way", "path"),
    [
        ("get", "routes?after=a%00b"),
        ("delete", "cache?route=a%00b"),
        ("get", "shadow/summary?route=a%00b"),
        ("get", "usage?until=0001-01-01T00:00:00Z"),
        ("get", "usage?until=0.5"),
        ("get", "ledger?since=1767225600"),
    ],
)
def test_values_that_cannot_be_stored_or_read_are_client_errors(module_server: Server, way: str, path: str) -> None:
    headers = {"authorization": f"Bearer {module_server.key}"}
    answer = requests.request(way, f"{module_server.url}/api/v1/gateway/{path}", headers=headers, timeout=60)
    assert answer.status_code == 422 and answer.json()["fault"] == "caller"


@pytest.mark.parametrize("version", [{}, {"anthropic-version": "2023-06-01"}])
def test_text_that_no_column_can_store_is_a_client_error_of_the_model_api(
    module_server: Server, version: dict[str, str]
) -> None:
    headers = {"authorization": f"Bearer {module_server.key}", **version}
    answer = requests.get(f"{module_server.url}/v1/files?purpose=a%00b", headers=headers, timeout=60)
    assert answer.status_code in (200, 400), answer.text  # Anthropic's list has no purpose
    if not version:
        assert "cannot be stored" in answer.json()["error"]["message"]
