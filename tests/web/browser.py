"""Helpers that open console pages in Chromium, for the tests and for `make screens`."""

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
WCAG_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
"""axe tags of the rules for WCAG 2.1 AA."""
COLOUR_RULES = ("color-contrast",)
"""axe rules whose result can differ between the light and the dark scheme."""
LOCALES = {"en": ("en-GB", "Europe/London"), "vi": ("vi-VN", "Asia/Ho_Chi_Minh")}
expect.set_options(timeout=20_000)  # two cores also run a server, a worker, engines and a browser
OWNER, PASSWORD = "owner@localhost", "a password for tests"


@contextmanager
def chromium() -> Generator[Browser]:
    """Launch Chromium from the PATH and close it at the end."""
    path = shutil.which("chromium")
    assert path, "Chromium is not on the PATH: run `make browser`, or install Debian's package `chromium`"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def open_signed_in(
    browser: Browser, url: str, *, scheme: str = "light", language: str = "en", width: int = 1440, height: int = 900
) -> Generator[Page]:
    """Open a blank page that is signed in as the owner. Raises like `open_window` at the end."""
    with open_window(browser, url, scheme=scheme, language=language, width=width, height=height) as (context, page):
        response = context.request.post("/api/v1/access/session", data={"email": OWNER, "password": PASSWORD})
        assert response.ok, response.text()
        yield page


@contextmanager
def open_window(
    browser: Browser, url: str, *, scheme: str = "light", language: str = "en", width: int = 1440, height: int = 900
) -> Generator[tuple[BrowserContext, Page]]:
    """Open a blank page without a session.

    Raises:
        AssertionError: At the end, if a script of the page failed or the page violated its Content Security Policy.
    """
    locale, timezone = LOCALES[language]
    context = browser.new_context(
        base_url=url,
        color_scheme="dark" if scheme == "dark" else "light",
        locale=locale,
        timezone_id=timezone,
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


def find_violations(page: Page, rules: Sequence[str] = WCAG_TAGS) -> list[tuple[str, str]]:
    """Return the broken rules that axe finds, each with the HTML of the first element. `rules` may name tags."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    # Only violations leave the page, because the report of axe on passed checks is much longer.
    broken_rules: list[list[str]] = page.evaluate(
        """async (rules) => {
            const results = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
            return results.violations.map((violation) => [violation.id, violation.nodes[0].html]);
        }""",
        list(rules),
    )
    return [(rule, html[:200]) for rule, html in broken_rules]


def console_routes() -> set[str]:
    """Return the path templates of all routes of the console, read from its source."""
    files = sorted((ROOT / "web" / "src" / "stages").glob("**/routes.tsx"))
    return {path for file in files for path in re.findall(r'path:\s*"([^"]+)"', file.read_text(encoding="utf-8"))}
