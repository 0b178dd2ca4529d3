"""The Vong with a finished loop run, and a browser for each module."""

from collections.abc import Generator
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser

from tests.live import Live
from tests.web.browser import OWNER, PASSWORD, chromium


class Console(NamedTuple):
    """What a test of the console works with."""

    vong: Live
    report: dict[str, Any]
    browser: Browser


@pytest.fixture(scope="module")
def console(finished_loop: tuple[Live, dict[str, Any]]) -> Generator[Console]:
    """Playwright keeps an event loop running in this thread until it is closed, and no test with a loop of its own
    could run behind it: so it is closed with the module, not with the worker."""
    finished_loop[0].client().access.reset_password(OWNER, PASSWORD)
    with chromium() as browser:
        yield Console(*finished_loop, browser)
