"""Paths, texts and failures of the client, for every method of every namespace."""

import inspect
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import unquote
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vong.client import Client
from vong.client.client import Client as ClientClass
from vong.client.transport import iter_text_lines, segment
from vong.errors import InvalidInput, Unavailable, VongError

NAMES = ("", " ", ".", "..", "../providers/x", "a/b", "a?b=c", "a#b", "%2e%2e", "a%2Fb", "é ü", "a;b", "a\udcffb")
NAMESPACES = (
    *(
        "access",
        "data",
        "evals",
        "experiments",
        "feedback",
        "fine_tuning",
        "gateway",
        "jobs",
        "knowledge",
        "loop",
        "pipelines",
        "project_files",
        "prompts",
    ),
    *("registry", "serving", "traces", "training"),
)
SEPARATORS = ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\r"]
HAS_NO_PATH_NAME = {"gateway.chat", "gateway.stream", "gateway.embed", "access.change_password"}


def methods() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every method of every namespace that takes a name or an id."""
    client = Client("http://vong.invalid", "vong-x")
    places = {name: getattr(client, name) for name in NAMESPACES}
    places |= {"gateway.guards": client.gateway.guards, "gateway.batches": client.gateway.batches}
    for place, namespace in places.items():
        for name, method in inspect.getmembers(namespace, inspect.ismethod):
            if not name.startswith("_") and f"{place}.{name}" not in HAS_NO_PATH_NAME:
                yield f"{place}.{name}", method


METHODS = dict(methods())


def record(monkeypatch: pytest.MonkeyPatch, method: Callable[..., Any]) -> list[httpx.Request]:
    """Let the client of a method record its requests, and answer them with 404."""
    requests = list[httpx.Request]()

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(404, json={"code": "not_found", "detail": "no", "hint": ""})

    transport = method.__self__._transport  # pyright: ignore[reportFunctionMemberAccess]
    http = httpx.Client(base_url="http://vong.invalid", transport=httpx.MockTransport(answer))
    monkeypatch.setattr(transport, "http", http)
    return requests


def call_with(method: Callable[..., Any], name: str, file: Path) -> Any:
    """Call a method with a name wherever it requires a text or an id."""
    hints, values = get_type_hints(method, localns={"list": list}), dict[str, Any]()
    for parameter in inspect.signature(method).parameters.values():
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            kind = str(hints[parameter.name])
            values[parameter.name] = [] if "Sequence" in kind else {} if "Mapping" in kind else name
            if "Path" in kind:
                values[parameter.name] = [file] if "Sequence" in kind else file
            elif kind in ("<class 'int'>", "<class 'float'>"):
                values[parameter.name] = 1
    return method(**values)


@pytest.mark.parametrize("place", METHODS)
def test_a_name_is_one_part_of_a_path_or_refused(place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}")
    method = METHODS[place]
    shape = set[tuple[str, ...]]()
    for name in ("plain", *NAMES):
        requests = record(monkeypatch, method)
        try:
            found = call_with(method, name, tmp_path / "a.jsonl")
            if inspect.isgenerator(found):
                next(found, None)
        except (VongError, ValidationError):
            pass
        for request in requests:
            path = request.url.raw_path.decode().partition("?")[0]
            parts = path.removeprefix("/").split("/")
            assert ".." not in parts and "." not in parts, (name, path)
            decoded = tuple("NAME" if unquote(part) in ("plain", name) else part for part in parts)
            shape.add(decoded)
            assert request.url.fragment == ""
    assert len(shape) <= 1, shape


def test_every_namespace_is_covered() -> None:
    properties = {name for name in vars(ClientClass) if not name.startswith("_")} - {"close", "system"}
    assert properties == set(NAMESPACES)
    assert len(METHODS) > 100


@given(st.text())
def test_a_segment_is_decoded_to_the_same_text(text: str) -> None:
    try:
        quoted = segment(text, slashes=True)
    except InvalidInput:
        assert not text.strip() or text in (".", "..")
        return
    assert unquote(quoted) == text and not set(quoted) & set("/?#")
    assert httpx.URL(f"http://x/a/{quoted}/b").raw_path == f"/a/{quoted}/b".encode()


@given(st.lists(st.text(st.sampled_from(["a", "ü", "😀", *SEPARATORS]), max_size=8), max_size=5), st.integers(1, 7))
def test_only_a_line_feed_ends_a_line(lines: list[str], size: int) -> None:
    data = "".join(f"{line}\n" for line in lines).encode()
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    assert list(iter_text_lines(httpx.Response(200, content=iter(chunks)))) == lines
    unended = httpx.Response(200, content=iter([*chunks, "end\u2028".encode()]))
    assert list(iter_text_lines(unended)) == [*lines, "end\u2028"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "a\udcffb"])
def test_a_value_that_json_cannot_express_is_refused(value: Any) -> None:
    client = Client("http://127.0.0.1:9", "vong-x", retry_seconds=0)
    for send in (
        lambda: client.gateway.chat("echo/echo", "x", temperature=value),
        lambda: client.loop.set_traffic(UUID(int=1), value),
        lambda: client.gateway.set_price("a/b", input=value),
    ):
        with pytest.raises(InvalidInput):
            send()


@pytest.mark.parametrize("status", [204, 301, 302, 303, 304, 307, 308])
def test_a_redirect_or_an_empty_response_is_no_success(status: int) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers={"location": "http://elsewhere/"}, request=request)

    client = Client("http://vong.invalid", "vong-x", retry_seconds=0)
    client.transport.http = httpx.Client(base_url="http://vong.invalid", transport=httpx.MockTransport(answer))
    calls: list[Callable[[], Any]] = [
        lambda: client.gateway.routes(),
        lambda: client.gateway.delete_route("x"),
        lambda: list(client.jobs.logs(UUID(int=1))),
    ]
    if status >= 300:
        calls += [
            lambda: client.gateway.chat("echo/echo", "x"),
            lambda: list(client.gateway.stream("echo/echo", "x")),
            lambda: client.gateway.batches.delete_file("file-1"),
            lambda: list(client.traces.tail()),
        ]
    for call in calls:
        with pytest.raises(Unavailable):
            call()


def test_a_stream_that_breaks_is_an_error_with_the_next_step() -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("content-length", "1000")
            self.end_headers()
            self.wfile.write(b'data: {"choices": [{"delta": {"content": "one"}}]}\n\n')

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = Client(f"http://127.0.0.1:{server.server_port}", "vong-x", retry_seconds=0)
    with pytest.raises(Unavailable, match="closed the connection during the call"):
        list(client.gateway.stream("echo/echo", "x"))
    server.shutdown()
