"""Pictures of every page, light and dark: `python -m tests.web.screens FOLDER`, or `make screens`."""

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.finished_loop import vong_with_loop_run
from tests.web.browser import OWNER, PASSWORD, chromium, signed_in
from tests.web.pages import FURTHER, pages

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"scheme": "light"},
    "dark": {"scheme": "dark"},
    "vi": {"language": "vi"},
    "phone": {"width": 380, "height": 800},
}


def main(folder: Path) -> None:
    """Take them."""
    folder.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="vong-screens-"))
    home.chmod(0o711)
    with vong_with_loop_run(home) as (vong, report), chromium() as browser:
        vong.client().access.reset_password(OWNER, PASSWORD)
        for look, options in LOOKS.items():
            with signed_in(browser, vong.url, **options) as page:
                for name, path in {**pages(vong, report), **FURTHER}.items():
                    page.goto(path)
                    expect(page.get_by_role("heading", level=1)).to_be_visible()
                    expect(page.get_by_role("status", name=re.compile("Loading|Đang tải"))).to_have_count(0)
                    page.wait_for_timeout(600)
                    file = re.sub(r"[^a-z]+", "-", name.lower()).strip("-") or "home"
                    page.screenshot(path=folder / f"{file}-{look}.png")
    sys.stdout.write(f"pictures in {folder}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "screens"))
