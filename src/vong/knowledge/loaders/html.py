"""HTML pages."""

from bs4 import BeautifulSoup, Tag

from vong.knowledge.loaders import ParsedDocument, SectionBuilder

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
TEXTS = ("p", "li", "tr", "pre", "blockquote", "dt", "dd", "figcaption")
NOISE = ("script", "style", "nav", "footer", "header", "aside", "form", "noscript", "template", "svg")


def load_html(content: bytes, path: str) -> ParsedDocument:
    """The main text of a page: navigation, scripts and forms are left out. The encoding is the page's own."""
    page = BeautifulSoup(content, "html.parser")
    title = page.title.get_text(" ", strip=True) if page.title else ""
    for noise in page(NOISE):
        # The page's own heading often stands in its header: keep that much.
        if noise.name == "header" and noise.find(HEADINGS):
            continue
        noise.decompose()
    for line_break in page("br"):
        line_break.replace_with("\n")
    outline = SectionBuilder()
    main = page.find("main") or page.find("article") or page.body or page
    for element in main.find_all([*HEADINGS, *TEXTS]):
        if element.name in HEADINGS:
            outline.heading(int(element.name[1]), _text(element))
        elif element.find_parent(TEXTS) is None:
            outline.add(_text(element))
    text = outline.finish(path)
    if not text.sections:
        outline.add(main.get_text("\n", strip=True))
        text = outline.finish(path)
    return text._replace(title=title) if title else text


def _text(element: Tag) -> str:
    if element.name == "tr":
        return " | ".join(" ".join(cell.get_text().split()) for cell in element.find_all(["td", "th"]))
    return " ".join(element.get_text().split())
