"""A real Chromium on a real Vong: how the tests and `make screens` open pages."""

import re
import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
COLOURS = ("color-contrast",)
"""The rules that may find something else in another scheme."""
LOCALES = {"en": ("en-GB", "Europe/London"), "vi": ("vi-VN", "Asia/Ho_Chi_Minh")}
expect.set_options(timeout=20_000)  # two cores that also run a server, a worker, engines and a browser
OWNER, PASSWORD = "owner@localhost", "a password for tests"


@contextmanager
def chromium() -> Generator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium")
    assert path, "Chromium is not on the PATH: run `make browser`, or install Debian's package `chromium`"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def signed_in(
    browser: Browser, url: str, *, scheme: str = "light", language: str = "en", width: int = 1440, height: int = 900
) -> Generator[Page]:
    """A page of the owner's, on Home. Fails at the end when a script of the page failed."""
    with opened(browser, url, scheme=scheme, language=language, width=width, height=height) as (context, page):
        answer = context.request.post("/api/v1/access/session", data={"email": OWNER, "password": PASSWORD})
        assert answer.ok, answer.text()
        yield page


@contextmanager
def opened(
    browser: Browser, url: str, *, scheme: str = "light", language: str = "en", width: int = 1440, height: int = 900
) -> Generator[tuple[BrowserContext, Page]]:
    """A window of somebody who is not signed in."""
    locale, zone = LOCALES[language]
    context = browser.new_context(
        base_url=url,
        color_scheme="dark" if scheme == "dark" else "light",
        locale=locale,
        timezone_id=zone,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    )
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console", lambda message: errors.append(message.text) if "Content Security Policy" in message.text else None
    )
    try:
        yield context, page
    finally:
        context.close()
    assert not errors, errors


def violations(page: Page, rules: Sequence[str] = WCAG) -> list[tuple[str, str]]:
    """What axe finds against WCAG 2.1 AA, or against these rules: the rule, and the first element that breaks it."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    # Only what is wrong leaves the page: axe tells of everything that is right at much greater length.
    found: list[list[str]] = page.evaluate(
        """async (rules) => {
            const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
            return found.violations.map((one) => [one.id, one.nodes[0].html]);
        }""",
        list(rules),
    )
    return [(rule, html[:200]) for rule, html in found]


def routes_of_the_console() -> set[str]:
    """Every path that the stages' routes name."""
    files = sorted((ROOT / "web" / "src" / "stages").glob("*/routes.tsx"))
    return {path for file in files for path in re.findall(r'path:\s*"([^"]+)"', file.read_text(encoding="utf-8"))}
