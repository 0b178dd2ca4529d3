"""One Vong with a finished turn, and one browser, for all tests of the console that a worker runs."""

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
def console(tmp_path_factory: pytest.TempPathFactory) -> Generator[Console]:
    with vong_with_a_turn(tmp_path_factory.mktemp("web")) as (vong, report), chromium() as browser:
        yield Console(vong, report, browser)
