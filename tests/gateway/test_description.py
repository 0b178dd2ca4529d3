"""Whatever is sent to the gateway's routes and to `/v1`, within the description and beside it: no server error."""

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
QUIETLY: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def gateway_routes() -> dict[str, Any]:
    whole = reference.description()
    paths = {path: ways for path, ways in whole["paths"].items() if path.startswith("/api/v1/gateway")}
    return {**whole, "paths": {path: ways for path, ways in paths.items() if not path.endswith(("/events", "/test"))}}


def models(case: schemathesis.Case[Any]) -> None:
    """A model that is there, or the request would end at its name."""
    if isinstance(case.body, dict) and "model" in case.body:
        case.body["model"] = "echo/echo"


def hold(server: Server, schema: dict[str, Any], examples: int) -> list[str]:
    """Send so many requests of each kind to every operation: what was answered with a server error."""
    failed, headers = list[str](), {"authorization": f"Bearer {server.key}"}
    with requests.Session() as session:
        for result in from_dict(schema).get_all_operations():
            assert isinstance(result, Ok)
            operation = result.ok()
            for mode in GenerationMode:

                @settings(max_examples=examples, derandomize=True, database=None, **QUIETLY)
                @given(operation.as_strategy(generation_mode=mode))
                def send(case: schemathesis.Case[Any]) -> None:
                    models(case)
                    answer = case.call(base_url=server.url, session=session, headers=headers, timeout=60)
                    if answer.status_code >= 500:
                        failed.append(f"{case.method} {case.formatted_path}: {answer.text[:300]}\n{case.body!r:.1000}")

                with suppress(Unsatisfiable):  # an operation without parameters takes nothing that is wrong
                    send()
    return failed


def test_every_shape_is_described() -> None:
    assert set(BODIES) == set(ENDPOINT_PATHS.values())
    assert set(ENDPOINT_PATHS) <= set(build_openapi()["paths"])


@pytest.mark.parametrize("schema", [gateway_routes, build_openapi])
def test_no_request_is_answered_with_a_server_error(lasting: Server, schema: Callable[[], dict[str, Any]]) -> None:
    assert hold(lasting, schema(), EXAMPLES) == []


@pytest.mark.slow
@pytest.mark.parametrize("schema", [gateway_routes, build_openapi])
def test_nor_are_many(lasting: Server, schema: Callable[[], dict[str, Any]]) -> None:
    assert hold(lasting, schema(), 200) == []


@pytest.mark.parametrize(
    ("way", "path"),
    [
        ("get", "routes?after=a%00b"),
        ("delete", "cache?route=a%00b"),
        ("get", "shadow/summary?route=a%00b"),
        ("get", "usage?until=0001-01-01T00:00:00Z"),
    ],
)
def test_what_no_column_holds_is_the_callers_fault(lasting: Server, way: str, path: str) -> None:
    headers = {"authorization": f"Bearer {lasting.key}"}
    answer = requests.request(way, f"{lasting.url}/api/v1/gateway/{path}", headers=headers, timeout=60)
    assert answer.status_code == 422 and answer.json()["fault"] == "caller"
