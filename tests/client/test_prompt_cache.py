"""Tests of the client's cache of prompts: outages, time to live, background refresh, disk, threads."""

import asyncio
import json
import logging
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from vong.client import Client, prompt_cache
from vong.client.prompt_cache import CachedPrompt, PromptCache
from vong.errors import InvalidInput, NotFound, Unavailable
from vong.records import now
from vong.records.prompt import PromptTemplate, PromptVersion


def version(text: str = "Hello {{ name }}", number: int = 1) -> PromptVersion:
    template = PromptTemplate.model_validate(
        {"variables": {"name": {"type": "string"}}, "messages": [{"role": "user", "content": text}]}
    )
    return PromptVersion(
        name="greet", number=number, hash=template.hash, template=template, created_by="x", created_at=now()
    )


class Server:
    """Server of one prompt, which can be stopped for real and started again at the same port."""

    def __init__(self) -> None:
        self.version = version()
        self.status = 200
        self.requests = 0
        self.port = 0
        self.delay = 0.0
        self.running: ThreadingHTTPServer | None = None

    def start(self) -> None:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests += 1
                time.sleep(server.delay)
                problem = {"code": "not_found", "detail": "no prompt", "hint": ""}
                if server.status == 502:
                    body = b"<html>bad gateway</html>"
                else:
                    body = (
                        server.version.model_dump_json().encode()
                        if server.status == 200
                        else json.dumps(problem).encode()
                    )
                self.send_response(server.status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None: ...

        self.running = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self.running.server_address[1]
        threading.Thread(target=self.running.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        if self.running is not None:
            self.running.shutdown()
            self.running.server_close()
            self.running = None

    def client(self, key: str = "k") -> Client:
        return Client(f"http://127.0.0.1:{self.port}", key, retry_seconds=0.1)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(prompt_cache, "RETRY_SECONDS", 0.05)
    found = Server()
    found.start()
    yield found
    found.stop()


def texts(prompt: CachedPrompt) -> str:
    return prompt.render(name="Lan").messages[0]["content"]


def test_a_prompt_survives_an_outage_in_memory_and_on_disk(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    client = server.client()
    fresh = client.prompts.load("greet:prod")
    assert not fresh.is_stale and texts(fresh) == "Hello Lan"
    assert fresh.headers == {"x-vong-prompt": server.version.ref}
    server.stop()
    again = client.prompts.load("greet:prod", ttl_seconds=3600)
    assert not again.is_stale and server.requests == 1
    with caplog.at_level(logging.WARNING):
        stale = client.prompts.load("greet:prod", ttl_seconds=0)
    assert stale.is_stale and texts(stale) == "Hello Lan" and stale.age_seconds >= 0
    assert "'greet:prod' is stale" in caplog.text
    restarted = server.client()
    assert texts(restarted.prompts.load("greet:prod")) == "Hello Lan"
    assert restarted.prompts.load("greet:prod", ttl_seconds=0).is_stale
    with pytest.raises(Unavailable):
        restarted.prompts.load("greet:staging")
    with pytest.raises(Unavailable):
        server.client("other-key").prompts.load("greet:prod")


def test_a_stale_version_is_used_at_once_and_refreshed_in_the_background(server: Server) -> None:
    cache = server.client().prompts.cache
    cache.get("greet")
    server.version, server.delay = version("Hi {{ name }}", 2), 0.3
    time.sleep(0.02)
    started = time.monotonic()
    stale = cache.get("greet", ttl_seconds=0.01)
    assert stale.is_stale and texts(stale) == "Hello Lan" and time.monotonic() - started < 0.25
    for _ in range(20):
        cache.get("greet", ttl_seconds=0.01)
    cache.wait()
    assert server.requests == 2, "one request at a time for a prompt"
    assert texts(cache.get("greet")) == "Hi Lan"


def test_a_new_process_and_a_rare_use_ask_the_server_first(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    first = server.client().prompts.cache
    first.get("greet")
    server.version = version("Hi {{ name }}", 2)
    time.sleep(0.02)
    found = server.client().prompts.load("greet", ttl_seconds=0.01)
    assert not found.is_stale and texts(found) == "Hi Lan"
    monkeypatch.setattr(prompt_cache, "MAX_STALE_SECONDS", 0.0)
    assert texts(first.get("greet", ttl_seconds=0.01)) == "Hi Lan"


def test_a_removed_label_is_not_taken_from_the_cache(server: Server) -> None:
    cache = server.client().prompts.cache
    cache.get("greet:prod")
    server.status = 404
    time.sleep(0.02)
    assert cache.get("greet:prod", ttl_seconds=0.01).is_stale
    cache.wait()
    with pytest.raises(NotFound):
        cache.get("greet:prod")
    with pytest.raises(NotFound):
        server.client().prompts.load("greet:prod", fallback=server.version.template)


def test_an_error_of_the_server_or_a_proxy_counts_as_an_outage(server: Server) -> None:
    cache = server.client().prompts.cache
    cache.get("greet")
    server.status = 502
    assert cache.get("greet", ttl_seconds=0).is_stale
    assert cache.get("other", fallback={"messages": [{"role": "user", "content": "plain"}]}).is_fallback


def test_a_fallback_is_used_only_if_nothing_is_known(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.stop()
    cache, made = server.client().prompts.cache, list[bool]()

    def fallback() -> dict[str, Any]:
        made.append(True)
        return server.version.template.to_document()

    with caplog.at_level(logging.WARNING):
        found = cache.get("greet:prod", fallback=fallback)
    assert found.is_fallback and found.is_stale and found.headers == {} and texts(found) == "Hello Lan"
    assert "the fallback is used" in caplog.text and made == [True]
    server.start()
    assert not cache.get("greet:prod", fallback=fallback).is_fallback and made == [True]
    with pytest.raises(InvalidInput, match="no template"):
        PromptCache(raise_unavailable, "s").get("x", fallback={"messages": "no"})


def raise_unavailable(ref: str) -> PromptVersion:
    raise Unavailable(f"{ref} is unreachable")


def test_a_version_named_by_its_hash_is_never_asked_for_again(server: Server) -> None:
    cache = server.client().prompts.cache
    ref = server.version.ref
    cache.get(ref, ttl_seconds=0.001)
    time.sleep(0.01)
    server.stop()
    assert not cache.get(ref, ttl_seconds=0.001).is_stale


def test_files_have_safe_names_are_bounded_and_a_damaged_one_is_read_again(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompt_cache, "MAX_ENTRIES", 3)
    cache = PromptCache(lambda _: server.version, "scope", tmp_path / "cache")
    for ref in ("../../etc/passwd", "a/b:c", "nul\0", "x" * 5000, "CON"):
        cache.get(ref)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 3 and all(len(path.name) == 69 and path.suffix == ".json" for path in files)
    assert all(path.is_relative_to(tmp_path / "cache") for path in files)
    for path in files:
        path.write_text('{"ref": ')
    assert not PromptCache(lambda _: server.version, "scope", tmp_path / "cache").get("CON").is_stale
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert PromptCache(lambda _: server.version, "scope", blocked).get("greet").ref == server.version.ref
    cache.clear()
    assert not list((tmp_path / "cache").rglob("*.json"))


def test_many_threads_and_coroutines_share_one_first_request(server: Server) -> None:
    client = server.client()
    server.delay = 0.1

    async def load() -> list[CachedPrompt]:
        return await asyncio.gather(*(client.prompts.load_async("greet") for _ in range(20)))

    assert {prompt.ref for prompt in asyncio.run(load())} == {server.version.ref}
    assert server.requests == 1
    with pytest.raises(InvalidInput, match="ttl_seconds is -1"):
        PromptCache(raise_unavailable, "s", ttl_seconds=-1)
