"""What the build weighs, and that it holds nothing from elsewhere."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "src" / "vong" / "api" / "static"
WEB = ROOT / "web" / "src"
FIRST_LOAD, PAGE = 250_000, 120_000
FILE_LINES = 400


@pytest.fixture(scope="module")
def manifest() -> dict[str, dict[str, Any]]:
    return json.loads((STATIC / ".vite" / "manifest.json").read_text(encoding="utf-8"))


def weight(files: set[str]) -> int:
    """The size of these files as they travel, in bytes of gzip."""
    return sum(len(gzip.compress((STATIC / file).read_bytes(), 9)) for file in files)


def files_of(manifest: dict[str, dict[str, Any]], name: str) -> set[str]:
    """A chunk, what it imports at once, and their styles."""
    found: set[str] = set()
    waiting, seen = [name], set[str]()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        chunk = manifest[current]
        found |= {chunk["file"], *chunk.get("css", [])}
        waiting += chunk.get("imports", [])
    return found


def test_the_first_load_is_light(manifest: dict[str, dict[str, Any]]) -> None:
    """Home, signed in: the entry, one language, the page."""
    parts = ["index.html", "src/stages/home/HomePage.tsx"]
    languages = [weight(files_of(manifest, f"src/app/i18n/{one}/gettingStarted.ts")) for one in ("en", "vi")]
    files = set[str]().union(*(files_of(manifest, part) for part in parts))
    assert weight(files) + max(languages) <= FIRST_LOAD


def test_every_page_has_a_light_chunk_of_its_own(manifest: dict[str, dict[str, Any]]) -> None:
    shared = files_of(manifest, "index.html")
    pages = [name for name in manifest if name.startswith("src/stages/") and manifest[name].get("isDynamicEntry")]
    assert len(pages) >= 14
    heavy = {name: size for name in pages if (size := weight(files_of(manifest, name) - shared)) > PAGE}
    assert not heavy


def test_nothing_is_loaded_from_elsewhere() -> None:
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(https?:)?//', html)
    assert "<style" not in html and not re.search(r"<script(?![^>]*src=)", html)
    styles = "".join(file.read_text(encoding="utf-8") for file in (STATIC / "assets").glob("*.css"))
    assert not re.search(r"url\(['\"]?(https?:)?//", styles)


def test_no_source_file_is_too_long() -> None:
    long = {
        str(file.relative_to(WEB)): lines
        for file in sorted(WEB.rglob("*.ts*"))
        if file.name != "schema.d.ts" and (lines := file.read_text(encoding="utf-8").count("\n")) > FILE_LINES
    }
    assert not long


def test_both_languages_name_the_same_files() -> None:
    assert {file.name for file in (WEB / "app/i18n/en").iterdir()} == {
        file.name for file in (WEB / "app/i18n/vi").iterdir()
    }


def test_colours_of_both_schemes_come_from_variables() -> None:
    """The build lowers `light-dark()` to variables that nobody sets, and the colour is gone."""
    sheets = [file.read_text(encoding="utf-8") for file in STATIC.rglob("*.css")]
    assert sheets and not [sheet for sheet in sheets if "--lightningcss" in sheet]
