"""Tests that the console pages open without errors and are accessible in all schemes and languages."""

import re
from collections.abc import Callable, Generator
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.sampling import sample
from tests.web.browser import (
    COLOUR_RULES,
    OWNER,
    PASSWORD,
    WCAG_TAGS,
    console_routes,
    find_violations,
    open_signed_in,
    open_window,
)
from tests.web.conftest import Console
from tests.web.pages import TABS_AND_STATES, route_addresses

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
TRANSITIONS_FINISHED = (
    "() => document.getAnimations().every("
    "animation => !(animation instanceof CSSTransition) || animation.playState !== 'running')"
)
"""JavaScript condition that is true if no colour transition is running. Transitions take long on a busy machine."""


def test_page_list_covers_all_console_routes(console: Console) -> None:
    assert set(route_addresses(console.vong, console.report)) == console_routes()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("share", [0.15, pytest.param(1.0, marks=pytest.mark.full)], ids=["sample", "all"])
@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), pytest.param("dark", "vi", marks=pytest.mark.full)])
def test_every_page_opens_and_is_accessible(console: Console, scheme: Scheme, language: str, share: float) -> None:
    """Check English pages by address, in both schemes and on a phone; Vietnamese ones in one scheme, by navigation.

    Colours do not depend on the language. A sample has a part of the pages.
    """
    found: dict[str, object] = {}
    with open_signed_in(console.browser, console.vong.url, scheme=scheme, language=language) as page:
        server_errors: list[str] = []
        page.on(
            "response",
            lambda response: (
                server_errors.append(f"{response.status} {response.url}") if response.status >= 500 else None
            ),
        )
        addresses = {**route_addresses(console.vong, console.report), **TABS_AND_STATES}
        for name, path in sample(list(addresses.items()), share):
            page.emulate_media(color_scheme=scheme)
            open_page(page, path, full_load=language == "en")
            for current in sorted(SCHEMES, key=lambda item: item != scheme) if language == "en" else (scheme,):
                if current != scheme:
                    switch_scheme(page, current)
                overflow = horizontal_overflow(page)
                rules = WCAG_TAGS if current == scheme else COLOUR_RULES
                width_problems = [f"{overflow} px too wide"] if overflow > 0 else []
                problems = [*find_violations(page, rules), *server_errors, *width_problems]
                server_errors.clear()
                if problems:
                    found[f"{name}, {current}"] = problems
            if language == "en" and (overflow := phone_overflow(page)) > 0:
                found[f"{name}, phone"] = f"{overflow} px too wide"
    assert not found


def horizontal_overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def phone_overflow(page: Page) -> int:
    """Return by how many pixels the page is too wide for a phone, after it has adapted its layout."""
    desktop_size = page.viewport_size
    assert desktop_size is not None
    page.set_viewport_size({"width": 380, "height": 800})
    page.wait_for_timeout(200)
    overflow = horizontal_overflow(page)
    page.set_viewport_size(desktop_size)
    return overflow


def switch_scheme(page: Page, scheme: Scheme) -> None:
    """Switch the system to a colour scheme and wait until the page has adopted it."""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function("scheme => document.documentElement.dataset.mantineColorScheme === scheme", arg=scheme)
    page.wait_for_timeout(300)  # charts are redrawn and colour transitions start
    page.wait_for_function(TRANSITIONS_FINISHED)


OVERLAYS: dict[str, tuple[str, Callable[[Page], None]]] = {
    "span": ("/traces", lambda page: page.get_by_role("row").nth(1).click()),
    "row": ("/data/rows?tab=rows", lambda page: page.get_by_role("row").nth(1).click()),
    "route": (
        "/gateway/routes",
        lambda page: page.get_by_role("button", name=re.compile("New route|Tạo route")).click(),
    ),
    "canary": (
        "/gateway/routes/kind",
        lambda page: page.get_by_role("button", name=re.compile("Start canary|Chạy canary")).click(),
    ),
    "deploy": (
        "/serving",
        lambda page: page.get_by_role("button", name=re.compile("Deploy model|Triển khai")).first.click(),
    ),
    "palette": ("/", lambda page: page.keyboard.press("Control+k")),
}
"""Panels and dialogs by name, each with the address of its page and the action that opens it."""


@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), pytest.param("dark", "vi", marks=pytest.mark.full)])
def test_panels_and_dialogs_are_accessible(console: Console, scheme: str, language: str) -> None:
    found: dict[str, object] = {}
    with open_signed_in(console.browser, console.vong.url, scheme=scheme, language=language) as page:
        for name, (path, open_overlay) in OVERLAYS.items():
            open_page(page, path)
            open_overlay(page)
            expect(page.get_by_role("dialog")).to_be_visible()
            page.wait_for_timeout(400)
            if problems := find_violations(page):
                found[name] = problems
    assert not found


def open_page(page: Page, path: str, *, full_load: bool = True) -> None:
    """Open an address by a full load or by navigation within the console, and wait until its data is shown.

    The wait looks for loading indicators, not for idle connections, because live streams never end.
    """
    if full_load or page.url == "about:blank":
        page.goto(path)
    else:
        page.evaluate("path => window.history.pushState(null, '', path)", path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("status", name=re.compile("Loading|Đang tải"))).to_have_count(0, timeout=15_000)
    page.wait_for_timeout(150)  # charts and graphs are drawn after their data


@pytest.fixture
def page(console: Console) -> Generator[Page]:
    with open_signed_in(console.browser, console.vong.url) as opened_page:
        yield opened_page


def test_sign_in_rejects_wrong_password_and_then_opens_the_requested_page(console: Console) -> None:
    with open_window(console.browser, console.vong.url) as (_, page):
        page.goto("/registry")
        page.get_by_label("Email").fill(OWNER)
        page.get_by_label("Password", exact=True).fill("not this one")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("wrong account or password")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1, name="Models")).to_be_visible()


def test_command_palette_opens_pages_and_objects(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Control+k")
    search = page.get_by_label("Search pages and objects")
    search.fill("feedb")
    page.keyboard.press("Enter")
    page.wait_for_url("**/feedback")
    page.keyboard.press("Control+k")
    search.fill("care")
    expect(page.get_by_role("button", name=re.compile("care"))).to_be_visible()
    page.get_by_role("button", name=re.compile("care")).click()
    page.wait_for_url("**/knowledge/care")


def test_language_and_colour_scheme_survive_reload(page: Page) -> None:
    page.goto("/settings/account")
    page.get_by_text("Tiếng Việt").first.click()
    expect(page.get_by_role("heading", level=1, name="Cài đặt")).to_be_visible()
    page.get_by_role("button", name="Giao diện tối").click()
    page.reload()
    expect(page.get_by_role("heading", level=1, name="Cài đặt")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == "dark"
    assert page.evaluate("document.documentElement.lang") == "vi"


def test_sign_out_shows_sign_in_page_and_ends_session(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name=re.compile(OWNER)).click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Vong")).to_be_visible()
    assert page.request.get("/api/v1/data/datasets").status == 401


def test_console_sends_no_requests_to_other_hosts(console: Console, page: Page) -> None:
    external: list[str] = []

    def record_external(request: Request) -> None:
        if not request.url.startswith((console.vong.url, "data:", "blob:")):
            external.append(request.url)

    page.on("request", record_external)
    for path in ("/", "/traces", "/playground", "/api/docs"):
        page.goto(path)
        page.wait_for_load_state("load")
    expect(page.locator("#docs")).to_contain_text("/api/v1/", timeout=20_000)
    assert not external


def test_console_reports_unreachable_server_and_recovers_after_restart(console: Console, page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()
    port = str(urlsplit(console.vong.url).port)
    console.vong.run("down")
    expect(page.get_by_text("Server unreachable")).to_be_visible(timeout=20_000)
    console.vong.run("up", "--port", port, "--detach")
    expect(page.get_by_text("Server unreachable")).to_be_hidden(timeout=30_000)
    expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()
