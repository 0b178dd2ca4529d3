"""Loader for HTML pages."""

from bs4 import BeautifulSoup, Tag

from vong.knowledge.loaders import ParsedDocument, SectionBuilder

HEADING_TAGS = ("h1", "h2", "h3", "h4", "h5", "h6")
TEXT_TAGS = ("p", "li", "tr", "pre", "blockquote", "dt", "dd", "figcaption")
IGNORED_TAGS = ("script", "style", "nav", "footer", "header", "aside", "form", "noscript", "template", "svg")


def load_html(content: bytes, path: str) -> ParsedDocument:
    """Parse the main document of a page without navigation, scripts and forms. The page declares its encoding."""
    page = BeautifulSoup(content, "html.parser")
    title = page.title.get_text(" ", strip=True) if page.title else ""
    for noise in page(IGNORED_TAGS):
        # A header with a heading is kept, because it often contains the title of the page.
        if noise.name == "header" and noise.find(HEADING_TAGS):
            continue
        noise.decompose()
    for line_break in page("br"):
        line_break.replace_with("\n")
    builder = SectionBuilder()
    main = page.find("main") or page.find("article") or page.body or page
    for element in main.find_all([*HEADING_TAGS, *TEXT_TAGS]):
        if element.name in HEADING_TAGS:
            builder.start_section(int(element.name[1]), _element_text(element))
        elif element.find_parent(TEXT_TAGS) is None:
            builder.add_text(_element_text(element))
    document = builder.build(path)
    if not document.sections:
        builder.add_text(main.get_text("\n", strip=True))
        document = builder.build(path)
    return document._replace(title=title) if title else document


def _element_text(element: Tag) -> str:
    if element.name == "tr":
        return " | ".join(" ".join(cell.get_text().split()) for cell in element.find_all(["td", "th"]))
    return " ".join(element.get_text().split())
