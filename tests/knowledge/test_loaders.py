import io
import zipfile
from pathlib import Path

import pytest

from vong.errors import InvalidInput
from vong.knowledge.loaders import load_document

SAMPLES = Path(__file__).parents[2] / "samples" / "handbook"


def test_markdown_headings_become_paths_and_markup_is_removed() -> None:
    text = load_document(
        b"# Guide\n\nIntro **bold** [link](x).\n\n## Refunds\n\n- within `14` days\n\n| a | b |\n|--|--|\n| 1 | 2 |\n",
        "g.md",
    )
    assert text.title == "Guide"
    assert [section.heading for section in text.sections] == ["Guide", "Guide > Refunds"]
    assert text.sections[0].text == "Intro bold link."
    assert text.sections[1].text == "within 14 days\na | b\n1 | 2"


def test_html_text_is_extracted_without_navigation_and_scripts() -> None:
    page = (
        b"<html><head><title>Fees</title></head><body><nav>menu</nav><h1>Fees</h1><p>Two <b>percent</b>.</p>"
        b"<script>x()</script><table><tr><th>k</th><td>v</td></tr></table></body></html>"
    )
    text = load_document(page, "fees.html")
    assert text.title == "Fees"
    assert text.sections[0].text == "Two percent.\nk | v"


@pytest.mark.parametrize("file", sorted(SAMPLES.glob("*")), ids=lambda file: file.name)
def test_every_handbook_document_has_a_title_and_text(file: Path) -> None:
    text = load_document(file.read_bytes(), file.name)
    assert text.title
    assert sum(len(section.text.split()) for section in text.sections) > 150
    assert len(text.sections) > 1


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pdf", b"%PDF-1.4 broken", "contains no text|not a readable PDF"),
        ("a.docx", b"not a zip", "not a DOCX"),
        ("a.md", b"\xff\xfe\x00", "not UTF-8"),
        ("a.md", b"  \n", "contains no text"),
        ("a.xyz", b"x", "no loader"),
    ],
)
def test_the_error_of_an_unreadable_file_names_the_reason(name: str, content: bytes, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        load_document(content, name)


def test_a_zip_file_other_than_a_word_document_is_an_error() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.txt", "x")
    with pytest.raises(InvalidInput, match="not a DOCX"):
        load_document(file.getvalue(), "a.docx")
