"""No text of a document is lost, joined or invented."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.knowledge import loading_samples as samples
from vong.errors import InvalidInput
from vong.knowledge.loading import ParsedDocument, Section, decode_parsed, encode_parsed, join_text, load_document

HANDBOOK = Path(__file__).parents[2] / "samples" / "handbook"


def load(content: bytes | str, path: str) -> ParsedDocument:
    return load_document(content.encode() if isinstance(content, str) else content, path)


def text_of(content: bytes | str, path: str) -> str:
    return join_text(load(content, path))


def test_markdown_headings_become_paths_and_kinds_are_told_apart() -> None:
    document = load(
        "# Guide\n\nIntro **bold** [link](x).\n\n## Refunds\n\n- within `14` days\n\n| a | b |\n|--|--|\n| 1 | 2 |\n"
        "\n```\nx = 1\n```\n",
        "g.md",
    )
    assert document.title == "Guide"
    assert document.sections == (
        Section("Guide", "Intro bold link.", 1),
        Section("Guide > Refunds", "- within 14 days", 2, kind="list"),
        Section("Guide > Refunds", "a | b\n1 | 2", 2, kind="table"),
        Section("Guide > Refunds", "x = 1", 2, kind="code"),
    )


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("# P\n\nIntro.\n\n<table><tr><td>Lantern</td><td>19 crowns</td></tr></table>\n", "Lantern | 19 crowns"),
        ("<details><summary>How long?</summary>\n\nTwo *years*.\n</details>", "How long?\n\nTwo years."),
        ("<div>dial seven</div>", "dial seven"),
        ("Write <your-name> here and a < b.", "<your-name> here and a < b"),
        ("[1]: Kyoto\n\nmore", "[1]: Kyoto"),
        ("[site]: https://a.example/x\n\nText.", "https://a.example/x"),
        ("[claim form](https://forms.example/claim-77)", "claim form (https://forms.example/claim-77)"),
        ("3. third\n4. fourth", "3. third\n4. fourth"),
        ("The dose is 5*3*2 mg in __init__.", "5*3*2 mg in __init__"),
        ("---\nowner: Mara\n---\n# Rules\n\nText.", "owner: Mara"),
        ("Minutes\n====\nOpen on Sundays.\n---\nNext: 9 June\n---", "Open on Sundays."),
        ("# Contacts\n## Night desk, extension 4417\n## Day desk\nAsk Mara.", "extension 4417"),
        ("# Monday to Friday 9 to 17\n# Saturday 10 to 14", "Saturday 10 to 14"),
        ("a\x00b", "a b"),
    ],
)
def test_markdown_keeps(markdown: str, words: str) -> None:
    found = text_of(markdown, "a.md")
    assert " ".join(words.split()) in " ".join(found.split())


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<div>The fee is 40</div><p>See below.</p><span>desk five</span>", "The fee is 40\nSee below.\ndesk five"),
        ("<article>one</article><article>two</article>", "one\ntwo"),
        ("<body><form><p>five days</p></form></body>", "five days"),
        ("<main></main><p>rule 12</p>", "rule 12"),
        ("<details><summary>s</summary>d</details><address>A</address><label>l</label>", "s\nd\nA\nl"),
        ("<table><caption>Cap</caption><tr><td><p>3</p><p>1</p></td><th>k</th></tr></table>", "Cap\n3 1 | k"),
        ("<table><tr><td>a<table><tr><td>in</td></tr></table></td></tr></table>", "a\n\nin"),
        ("<table>loose<tr>text<td>cell</td></tr></table>", "loose\ntext\ncell"),
        ("<ul><li>Apples<ul><li>Gala<li>Fuji</ul></ul>", "- Apples\n  - Gala\n  - Fuji"),
        ("<ol start=3><li>x<li value=7>y</ol>", "3. x\n7. y"),
        ("<blockquote><p>One.</p><p>Two.</p></blockquote>", "One.\nTwo."),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("a<br>b c<b>d</b>", "a\nb cd"),
        ("<p>before</p><p>a\x00b after the code</p>", "before\na b after the code"),
        ("<p>x</p><script>y()</script><style>z</style><!-- c -->", "x"),
        ("<p>o\ufb03ce</p>", "office"),
    ],
)
def test_html_keeps_all_text_once_and_in_order(page: str, text: str) -> None:
    assert text_of(page, "a.html") == text


def test_html_has_title_language_and_navigation_at_the_end() -> None:
    page = load(
        "<html lang='de-AT'><head><title>Fees</title></head><body><nav>menu</nav><h1>Fees</h1>"
        "<p>Two <b>percent</b>, see <a href='https://x.example/y'>here</a>.</p></body></html>",
        "fees.html",
    )
    assert (page.title, page.language) == ("Fees", "de")
    assert page.sections[0] == Section("Fees", "Two percent, see here (https://x.example/y).", 1)
    assert page.sections[-1] == Section("Navigation", "menu", kind="navigation")


def test_navigation_is_told_apart_by_its_links() -> None:
    rules = " ".join(f"Rule {number} holds for everybody." for number in range(9))
    page = load(f"<nav>{rules}</nav><div role=navigation><a href=/a>Start</a></div><p>Text</p>", "a.html")
    assert [section.kind for section in page.sections] == ["text", "navigation"]
    assert "Rule 8" in page.sections[0].text


def test_deeply_nested_html_is_read() -> None:
    assert text_of("<div>" * 3000 + "deep" + "</div>" * 3000, "a.html") == "deep"


@pytest.mark.parametrize(
    "text",
    [
        "The dose is 5*3*2 mg. Names: __init__",
        "1945. The war ended.\n- 5 degrees at night",
        "Minutes\n====\nOpen on Sundays.\n---\nNext: 9 June\n---",
        "<article>as it stands</article>",
    ],
)
def test_plain_text_stays_as_it_stands(text: str) -> None:
    assert load(text, "a.txt").sections == (Section("", text),)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_encodings_are_recognized(encoding: str) -> None:
    text = "Xin chào, giờ mở cửa từ 9 giờ."
    assert text_of(text.encode(encoding), "a.txt") == text


@pytest.mark.parametrize("text", ["Größe und Fuß, 20 °C für 5 €", "café", "naïve façade à l’hôtel"])
def test_western_text_is_read_and_the_guess_is_reported(text: str) -> None:
    document = load(text.encode("cp1252"), "a.txt")
    assert document.sections[0].text == text
    assert "cp1252" in document.notes[0]


def test_decomposed_letters_are_composed_and_powers_stay() -> None:
    assert text_of("Ho\u0302\u0323i 10\u2076 m\u00b2 o\ufb03ce", "a.txt") == "Hội 10⁶ m² office"


def test_tables_of_text_are_read_with_any_separator() -> None:
    table = load("name;price\nLantern, red;1,5\n", "a.csv").sections[0]
    assert (table.kind, table.text) == ("table", "name | price\nLantern, red | 1,5")


def test_json_has_readable_letters_and_its_numbers_as_written() -> None:
    assert '"Hội"' in text_of('{"name": "H\\u1ed9i", "price": 1.10}', "a.json")
    assert "1.10" in text_of('{"price": 1.10}\n{"price": 2}', "a.jsonl")


def test_xml_in_utf_16_is_read() -> None:
    xml = '<?xml version="1.0" encoding="utf-16"?><a><b>one</b><b>two</b></a>'
    assert text_of(xml.encode("utf-16"), "a.xml") == "one\ntwo"


def test_pdf_has_pages_and_headings() -> None:
    content = samples.pdf_pages([samples.text_page("First page."), b"", samples.text_page("Third page.")])
    document = load(content, "a.pdf")
    assert [(section.page, section.text) for section in document.sections] == [(1, "First page."), (3, "Third page.")]
    assert document.pages == 3
    assert document.notes == ("1 of 3 pages hold no text: 2",)


def test_pdf_text_in_form_objects_is_read() -> None:
    drawn = samples.pdf_pages([b"q /Fm0 Do Q"], more=[samples.form_object("The deposit is 300 crowns.")])
    assert text_of(drawn, "a.pdf") == "The deposit is 300 crowns."
    page = samples.text_page("Page text.") + b" q /Fm0 Do Q"
    both = samples.pdf_pages([page], more=[samples.form_object("The deposit is 300 crowns.")])
    assert text_of(both, "a.pdf").split() == ["Page", "text.", "The", "deposit", "is", "300", "crowns."]


def test_a_rotated_pdf_page_is_read_in_words() -> None:
    upright = b"BT 0 1 -1 0 300 100 Tm /F1 12 Tf (Rotated page with upright words.) Tj ET"
    assert (
        text_of(samples.pdf_pages([upright], attributes=b"/Rotate 90"), "a.pdf") == "Rotated page with upright words."
    )


def test_larger_pdf_lines_without_text_below_are_kept() -> None:
    page = (
        b"BT /F1 20 Tf 72 700 Td (Price list) Tj /F1 16 Tf 0 -30 Td (Lantern 19 crowns) Tj "
        b"0 -24 Td (Candle 2 crowns) Tj /F1 10 Tf 0 -24 Td (Two lines of prose that follow here.) Tj ET"
    )
    text = text_of(samples.pdf_pages([page]), "a.pdf")
    assert all(words in text for words in ("Price list", "Lantern 19 crowns", "Candle 2 crowns", "prose that follow"))


def test_a_pdf_font_without_letters_is_refused() -> None:
    with pytest.raises(InvalidInput, match="fonts that do not say what letters they show"):
        load(samples.unmapped_font_pdf(), "a.pdf")


def test_docx_cells_and_paragraphs_are_separate_words() -> None:
    cell = "<w:tc><w:p><w:r><w:t>10</w:t></w:r></w:p><w:p><w:r><w:t>20</w:t></w:r></w:p></w:tc>"
    table = samples.docx_file(f"<w:body><w:tbl><w:tr>{cell}</w:tr></w:tbl></w:body></w:document>")
    assert text_of(table, "a.docx").split() == ["10", "20"]
    assert text_of(samples.docx_paragraphs("One.", "Two."), "a.docx") == "One.\nTwo."


def test_docx_text_in_a_shape_is_read() -> None:
    inner = "<w:txbxContent><w:p><w:r><w:t>in a shape</w:t></w:r></w:p></w:txbxContent>"
    shape = f"<w:p><w:r><w:pict>{inner}</w:pict></w:r></w:p>"
    body = f"<w:body><w:p><w:r><w:t>Text.</w:t></w:r></w:p>{shape}</w:body></w:document>"
    assert "in a shape" in text_of(samples.docx_file(body), "a.docx")


@pytest.mark.parametrize("file", sorted(HANDBOOK.glob("*")), ids=lambda file: file.name)
def test_every_handbook_document_has_title_text_and_language(file: Path) -> None:
    document = load(file.read_bytes(), file.name)
    assert document.title
    assert sum(len(section.text.split()) for section in document.sections) > 150
    assert len(document.sections) > 1
    assert document.language in {"en", "vi"}
    assert decode_parsed(encode_parsed(document)) == document


def test_text_for_pretraining_has_each_heading_once() -> None:
    text = join_text(load(b"# A\n\n## B\n\none\n\n```\ncode\n```\n\n## C\n", "a.md"))
    assert text == "A\n\nB\n\none\n\ncode\n\nC"


def test_docx_signs_between_words_are_kept() -> None:
    runs = "<w:r><w:t>Total</w:t><w:tab/><w:t>40</w:t></w:r><w:r><w:t> co</w:t><w:noBreakHyphen/><w:t>op</w:t></w:r>"
    document = samples.docx_file(f"<w:body><w:p>{runs}</w:p></w:body></w:document>")
    assert text_of(document, "a.docx") == "Total 40 co-op"


def test_mail_has_headers_body_and_attachments() -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Prüfung", "Mara <mara@x.example>"
    mail.set_content("short")
    mail.add_alternative("<table><tr><td>Lantern</td><td>19</td></tr></table><p>Grüße aus Huế</p>", subtype="html")
    inner = EmailMessage()
    inner["Subject"] = "Inner"
    inner.set_content("Die Frist für Ä endet am 9 June.", charset="iso-8859-1")
    mail.add_attachment(inner)
    mail.add_attachment(b"a;b\n1;two words", maintype="text", subtype="csv", filename="list.csv")
    mail.add_attachment(b"\0\1", maintype="image", subtype="png", filename="logo.bin")
    document = load(mail.as_bytes(), "a.eml")
    assert document.title == "Prüfung"
    text = join_text(document)
    for words in ("From: Mara <mara@x.example>", "Lantern | 19", "Grüße aus Huế", "für Ä endet am 9 June", "two words"):
        assert words in text
    assert document.notes == ("logo.bin was not read: 'logo.bin' has no known format: .bin files are not supported",)


def test_unusual_markup_is_read_as_text() -> None:
    latex = r"\documentclass{article}\begin{document}\section{Fees}The fee is 40.\end{document}"
    assert "The fee is 40." in text_of(latex, "a.tex")
