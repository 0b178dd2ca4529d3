"""The chat page and its widget in Chromium: citations, feedback, narrow windows, and a page with a strict CSP."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.gateway.conftest import Server
from tests.pipelines.publications.conftest import create_pipeline
from tests.web.browser import chromium, find_violations, open_window
from vong.api.routes.console import STATIC

pytestmark = pytest.mark.skipif(not (STATIC / "chat.html").is_file(), reason="the console is not built")
MAX_PAGE_BYTES = 60_000
CITING: dict[str, Any] = {
    "inputs": {"message": {"type": "string"}},
    "outputs": {
        "answer": "{{ answer.text }}",
        "citations": [{"number": 1, "title": "handbook.md", "text": "Leave is 24 days per year."}],
    },
    "steps": {
        "answer": {
            "kind": "prompt",
            "model": "echo/echo",
            "messages": [{"role": "user", "content": "You have **24 days** [1]. <img src=x> {{ inputs.message }}"}],
        }
    },
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


class HostPage(ThreadingHTTPServer):
    """Page of another origin with a strict CSP and the tag of the widget. Its address has another host name."""

    def __init__(self, script: str, policy: str) -> None:
        self.script, self.policy = script, policy
        super().__init__(("127.0.0.1", 0), HostPageHandler)

    @property
    def origin(self) -> str:
        """Return the origin of the page."""
        return f"http://localhost:{self.server_port}"


class HostPageHandler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        host: Any = self.server
        body = f"<!doctype html><html lang=en><title>Shop</title><h1>Shop</h1>{host.script}</html>".encode()
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-security-policy", host.policy)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        del format, args


@pytest.fixture(scope="module")
def host(server: Server) -> Iterator[HostPage]:
    """Publish a pipeline for a page of another origin, and serve that page."""
    create_pipeline(server, "citing", CITING)
    page = HostPage("", "")
    details = server.client.pipelines.publish(
        "citing",
        page={
            "access": "public",
            "daily_budget": 5,
            "title": "Handbook",
            "suggestions": ["How many days?"],
            "allowed_origins": [page.origin],
            "requests_per_minute": 100,
        },
    )
    page.script = details["embed"] * 2  # a second tag adds no second chat
    page.policy = f"default-src 'none'; {details['csp']}"
    thread = threading.Thread(target=page.serve_forever, daemon=True)
    thread.start()
    yield page
    page.shutdown()
    page.server_close()


def ask_suggested_question(page: Any) -> None:
    page.get_by_role("button", name="How many days?").click()
    expect(page.get_by_role("article", name="Assistant").last.locator("strong")).to_have_text("24 days")


def test_page_answers_with_citations_and_takes_feedback(server: Server, host: HostPage, browser: Browser) -> None:
    del host
    with open_window(browser, server.url, width=380, height=700) as (_, page):
        page.goto("/chat/citing")
        expect(page).to_have_title("Handbook")
        ask_suggested_question(page)
        assert page.locator("article img").count() == 0, "HTML in an answer stays text"
        page.get_by_role("button", name="Source 1: handbook.md").click()
        expect(page.get_by_role("dialog")).to_contain_text("Leave is 24 days per year.")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="Not helpful").click()
        expect(page.get_by_role("button", name="Not helpful")).to_have_attribute("aria-pressed", "true")
        page.get_by_label("What could be better?").fill("too short")
        page.get_by_role("button", name="Send comment").click()
        expect(page.get_by_label("What could be better?")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") <= 380
        assert find_violations(page) == []
        page.get_by_role("button", name="Conversations").click()
        expect(page.get_by_role("button", name="How many days?", exact=True)).to_be_visible()
    scores = {(score.value, score.comment) for score in server.client.feedback.scores()}
    assert scores == {(0.0, None), (None, "too short")}


def test_page_in_vietnamese_and_dark(server: Server, host: HostPage, browser: Browser) -> None:
    del host
    with open_window(browser, server.url, scheme="dark", language="vi") as (_, page):
        page.goto("/chat/citing")
        page.get_by_label("Nhập tin nhắn").fill("mấy ngày?")
        page.keyboard.press("Enter")
        expect(page.get_by_role("article", name="Trợ lý").last).to_contain_text("mấy ngày?")
        assert find_violations(page) == []


def test_widget_works_on_a_page_with_a_strict_csp(host: HostPage, browser: Browser) -> None:
    with open_window(browser, host.origin, width=900, height=700) as (_, page):
        page.goto("/")
        button = page.get_by_role("button", name="Chat")
        expect(button).to_have_count(1)
        assert button.evaluate("element => getComputedStyle(element).position") == "fixed"
        button.click()
        frame = page.frame_locator("iframe")
        ask_suggested_question(frame)
        expect(frame.get_by_role("button", name="Helpful", exact=True)).to_be_visible()
        frame.get_by_role("button", name="Close").click()
        expect(page.locator("iframe")).to_be_hidden()
        expect(button).to_be_focused()


def test_other_origins_may_not_embed_the_page(server: Server, host: HostPage, browser: Browser) -> None:
    del host
    with HostPage(f'<iframe src="{server.url}/chat/citing"></iframe>', f"frame-src {server.url}") as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        context = browser.new_context()
        page = context.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        page.goto(other.origin)
        page.wait_for_timeout(500)
        assert any("frame-ancestors" in text for text in refused), refused
        assert not _has_chat(page)
        context.close()
        other.shutdown()


def _has_chat(page: Page) -> bool:
    return any(frame.url.endswith("/chat/citing") and frame.locator(".composer").count() for frame in page.frames)


def test_page_stays_small() -> None:
    import gzip

    manifest = json.loads((STATIC / ".vite" / "manifest.json").read_text(encoding="utf-8"))
    pending, files = ["chat.html"], set[str]()
    while pending:
        chunk = manifest[pending.pop()]
        files |= {chunk["file"], *chunk.get("css", [])}
        pending += chunk.get("imports", [])
    assert sum(len(gzip.compress((STATIC / file).read_bytes(), 9)) for file in files) <= MAX_PAGE_BYTES
