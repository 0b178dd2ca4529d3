"""Fixture with a running Vong, the report of its finished loop run, and one browser per module."""

from collections.abc import Generator
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser

from tests.running_vong import RunningVong
from tests.web.browser import OWNER, PASSWORD, chromium


class Console(NamedTuple):
    """Server, loop run report and browser of a console test."""

    vong: RunningVong
    report: dict[str, Any]
    browser: Browser


@pytest.fixture(scope="module")
def console(finished_loop: tuple[RunningVong, dict[str, Any]]) -> Generator[Console]:
    """Open a browser on the Vong with the finished loop run, and close it after the module.

    Playwright runs an event loop in this thread until it is closed. A later test with its own event loop could not
    run in the same worker, so the browser does not stay open until the worker ends.
    """
    finished_loop[0].client().access.reset_password(OWNER, PASSWORD)
    with chromium() as browser:
        yield Console(*finished_loop, browser)
