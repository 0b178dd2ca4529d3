"""Size limits of the built console, its external resources and its source files."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "src" / "vong" / "api" / "static"
WEB = ROOT / "web" / "src"
MAX_FIRST_LOAD_BYTES = 250_000
"""Limit of the first load in bytes of gzip."""
MAX_PAGE_BYTES = 120_000
"""Limit of the files that a page adds to the entry, in bytes of gzip."""
MAX_FILE_LINES = 400


@pytest.fixture(scope="module")
def manifest() -> dict[str, dict[str, Any]]:
    return json.loads((STATIC / ".vite" / "manifest.json").read_text(encoding="utf-8"))


def gzip_size(files: set[str]) -> int:
    """Return the total size of the files in bytes of gzip."""
    return sum(len(gzip.compress((STATIC / file).read_bytes(), 9)) for file in files)


def chunk_files(manifest: dict[str, dict[str, Any]], name: str) -> set[str]:
    """Return the files of a chunk and of its static imports, including their style sheets."""
    files: set[str] = set()
    pending, seen = [name], set[str]()
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        chunk = manifest[current]
        files |= {chunk["file"], *chunk.get("css", [])}
        pending += chunk.get("imports", [])
    return files


def test_first_load_stays_below_size_limit(manifest: dict[str, dict[str, Any]]) -> None:
    """Check the size of the entry, the larger language and the Home page of a signed-in user."""
    parts = ["index.html", "src/stages/home/HomePage.tsx"]
    language_sizes = [
        gzip_size(chunk_files(manifest, f"src/app/i18n/{language}/gettingStarted.ts")) for language in ("en", "vi")
    ]
    files = set[str]().union(*(chunk_files(manifest, part) for part in parts))
    assert gzip_size(files) + max(language_sizes) <= MAX_FIRST_LOAD_BYTES


def test_each_page_has_a_separate_chunk_below_size_limit(manifest: dict[str, dict[str, Any]]) -> None:
    shared = chunk_files(manifest, "index.html")
    pages = [name for name in manifest if name.startswith("src/stages/") and manifest[name].get("isDynamicEntry")]
    assert len(pages) >= 14
    too_large = {
        name: size for name in pages if (size := gzip_size(chunk_files(manifest, name) - shared)) > MAX_PAGE_BYTES
    }
    assert not too_large


def test_build_references_no_external_resources_or_inline_code() -> None:
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(https?:)?//', html)
    assert "<style" not in html and not re.search(r"<script(?![^>]*src=)", html)
    styles = "".join(file.read_text(encoding="utf-8") for file in (STATIC / "assets").glob("*.css"))
    assert not re.search(r"url\(['\"]?(https?:)?//", styles)


def test_source_files_stay_below_line_limit() -> None:
    too_long = {
        str(file.relative_to(WEB)): lines
        for file in sorted(WEB.rglob("*.ts*"))
        if file.name != "schema.d.ts" and (lines := file.read_text(encoding="utf-8").count("\n")) > MAX_FILE_LINES
    }
    assert not too_long


def test_both_languages_have_the_same_translation_files() -> None:
    assert {file.name for file in (WEB / "app/i18n/en").iterdir()} == {
        file.name for file in (WEB / "app/i18n/vi").iterdir()
    }


def test_style_sheets_contain_no_lowered_light_dark_colours() -> None:
    """Check that the build keeps `light-dark()`. Lowered to variables that are never set, it would lose its colours."""
    sheets = [file.read_text(encoding="utf-8") for file in STATIC.rglob("*.css")]
    assert sheets and not [sheet for sheet in sheets if "--lightningcss" in sheet]
