"""Every page in every scheme and language: it opens, breaks nothing, and everybody can use it."""

import re
from collections.abc import Callable, Generator
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.web.browser import COLOURS, OWNER, PASSWORD, WCAG, opened, routes_of_the_console, signed_in, violations
from tests.web.conftest import Console
from tests.web.pages import FURTHER, pages

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
TURNED = "() => document.getAnimations().every(one => !(one instanceof CSSTransition) || one.playState !== 'running')"
"""Whether no colour is on its way to another one any more, which takes long on a busy machine."""


def test_the_list_of_pages_is_whole(console: Console) -> None:
    assert set(pages(console.vong, console.report)) == routes_of_the_console()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "vi")])
def test_every_page_opens_and_everybody_can_use_it(console: Console, scheme: Scheme, language: str) -> None:
    """Each page is looked at in both schemes and on a telephone, by its address; in Vietnamese in one scheme, for
    colours speak no language, and by moving on from page to page, as a person does.
    """
    found: dict[str, object] = {}
    with signed_in(console.browser, console.vong.url, scheme=scheme, language=language) as page:
        answers: list[str] = []
        page.on("response", lambda one: answers.append(f"{one.status} {one.url}") if one.status >= 500 else None)
        for name, path in {**pages(console.vong, console.report), **FURTHER}.items():
            page.emulate_media(color_scheme=scheme)
            open_page(page, path, anew=language == "en")
            for worn in sorted(SCHEMES, key=lambda one: one != scheme) if language == "en" else (scheme,):
                if worn != scheme:
                    wear(page, worn)
                wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                rules = WCAG if worn == scheme else COLOURS
                faults = [*violations(page, rules), *answers, *([f"{wide} px too wide"] if wide > 0 else [])]
                answers.clear()
                if faults:
                    found[f"{name}, {worn}"] = faults
            if language == "en" and (wide := on_a_telephone(page)) > 0:
                found[f"{name}, telephone"] = f"{wide} px too wide"
    assert not found


def on_a_telephone(page: Page) -> int:
    """How many pixels a page is too wide for a telephone, once it has drawn itself anew for one."""
    whole = page.viewport_size
    assert whole is not None
    page.set_viewport_size({"width": 380, "height": 800})
    page.wait_for_timeout(200)
    wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.set_viewport_size(whole)
    return wide


def wear(page: Page, scheme: Scheme) -> None:
    """Switch the system to a scheme, and wait until the page has followed."""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function("scheme => document.documentElement.dataset.mantineColorScheme === scheme", arg=scheme)
    page.wait_for_timeout(300)  # charts are drawn anew, and colours begin to turn into others
    page.wait_for_function(TURNED)


PANELS: dict[str, tuple[str, Callable[[Page], None]]] = {
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
"""What opens over a page: where, and by which deed."""


@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "vi")])
def test_what_opens_over_a_page_is_for_everybody_too(console: Console, scheme: str, language: str) -> None:
    found: dict[str, object] = {}
    with signed_in(console.browser, console.vong.url, scheme=scheme, language=language) as page:
        for name, (path, deed) in PANELS.items():
            open_page(page, path)
            deed(page)
            expect(page.get_by_role("dialog")).to_be_visible()
            page.wait_for_timeout(400)
            if faults := violations(page):
                found[name] = faults
    assert not found


def open_page(page: Page, path: str, *, anew: bool = True) -> None:
    """Go there, loading everything `anew` or moving on within the console, and wait until what it asks for has come;
    live streams never end.
    """
    if anew or page.url == "about:blank":
        page.goto(path)
    else:
        page.evaluate("path => window.history.pushState(null, '', path)", path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("status", name=re.compile("Loading|Đang tải"))).to_have_count(0, timeout=15_000)
    page.wait_for_timeout(150)  # charts and graphs are drawn after their data


@pytest.fixture
def page(console: Console) -> Generator[Page]:
    with signed_in(console.browser, console.vong.url) as opened_page:
        yield opened_page


def test_a_wrong_password_is_refused_and_the_right_one_opens_the_page_that_was_asked_for(console: Console) -> None:
    with opened(console.browser, console.vong.url) as (_, page):
        page.goto("/registry")
        page.get_by_label("Email").fill(OWNER)
        page.get_by_label("Password", exact=True).fill("not this one")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("wrong account or password")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1, name="Models")).to_be_visible()


def test_the_palette_opens_pages_and_objects(page: Page) -> None:
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


def test_language_and_scheme_survive_a_reload(page: Page) -> None:
    page.goto("/settings/account")
    page.get_by_text("Tiếng Việt").first.click()
    expect(page.get_by_role("heading", level=1, name="Cài đặt")).to_be_visible()
    page.get_by_role("button", name="Giao diện tối").click()
    page.reload()
    expect(page.get_by_role("heading", level=1, name="Cài đặt")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == "dark"
    assert page.evaluate("document.documentElement.lang") == "vi"


def test_signing_out_leads_to_the_door_and_the_session_is_over(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name=re.compile(OWNER)).click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Vong")).to_be_visible()
    assert page.request.get("/api/v1/data/datasets").status == 401


def test_nothing_is_asked_of_anybody_else(console: Console, page: Page) -> None:
    elsewhere: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((console.vong.url, "data:", "blob:")):
            elsewhere.append(request.url)

    page.on("request", note)
    for path in ("/", "/traces", "/playground", "/api/docs"):
        page.goto(path)
        page.wait_for_load_state("load")
    expect(page.locator("#docs")).to_contain_text("/api/v1/", timeout=20_000)
    assert not elsewhere


def test_a_server_that_is_away_is_said_and_comes_back_by_itself(console: Console, page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()
    port = str(urlsplit(console.vong.url).port)
    console.vong.run("down")
    expect(page.get_by_text("Server unreachable")).to_be_visible(timeout=20_000)
    console.vong.run("up", "--port", port, "--detach")
    expect(page.get_by_text("Server unreachable")).to_be_hidden(timeout=30_000)
    expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()
