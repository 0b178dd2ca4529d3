"""Screenshots of all console pages: `python -m tests.web.screens FOLDER`, or `make screens`."""

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.finished_loop import vong_with_loop_run
from tests.web.browser import OWNER, PASSWORD, chromium, open_signed_in
from tests.web.pages import TABS_AND_STATES, route_addresses

VARIANTS: dict[str, dict[str, Any]] = {
    "light": {"scheme": "light"},
    "dark": {"scheme": "dark"},
    "vi": {"language": "vi"},
    "phone": {"width": 380, "height": 800},
}


def main(folder: Path) -> None:
    """Save a screenshot of each page in each variant to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="vong-screens-"))
    home.chmod(0o711)
    with vong_with_loop_run(home) as (vong, report), chromium() as browser:
        vong.client().access.reset_password(OWNER, PASSWORD)
        for variant, options in VARIANTS.items():
            with open_signed_in(browser, vong.url, **options) as page:
                for name, path in {**route_addresses(vong, report), **TABS_AND_STATES}.items():
                    page.goto(path)
                    expect(page.get_by_role("heading", level=1)).to_be_visible()
                    expect(page.get_by_role("status", name=re.compile("Loading|Đang tải"))).to_have_count(0)
                    page.wait_for_timeout(600)
                    file = re.sub(r"[^a-z]+", "-", name.lower()).strip("-") or "home"
                    page.screenshot(path=folder / f"{file}-{variant}.png")
    sys.stdout.write(f"screenshots in {folder}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "screens"))
