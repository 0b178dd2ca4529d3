"""One Vong with a finished turn for all tests of the console that a worker runs, and a browser for each module."""

from collections.abc import Generator
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser

from tests.live import Live
from tests.web.browser import chromium, vong_with_a_turn


class Console(NamedTuple):
    """What a test of the console works with."""

    vong: Live
    report: dict[str, Any]
    browser: Browser


@pytest.fixture(scope="session")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Live, dict[str, Any]]]:
    with vong_with_a_turn(tmp_path_factory.mktemp("web")) as both:
        yield both


@pytest.fixture(scope="module")
def console(turned: tuple[Live, dict[str, Any]]) -> Generator[Console]:
    """Playwright keeps an event loop running in this thread until it is closed, and no test with a loop of its own
    could run behind it: so it is closed with the module, not with the worker."""
    with chromium() as browser:
        yield Console(*turned, browser)
