"""Content of web pages: main text, title, language, canonical address and links."""

import codecs
import html
import logging
import re
from typing import Any, Literal, NamedTuple

from vong.knowledge.sources.http.urls import normalize_url

log = logging.getLogger(__name__)
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it warns about each page without a main text

MAX_MAIN_TEXT_BYTES = 3_000_000
"""Size of a page above which the main text is not extracted: the whole page is stored."""
EXTRACTION_ERRORS = (ValueError, TypeError, AttributeError, LookupError, AssertionError, RecursionError)
"""Errors of the extraction for unusual pages, which are then stored as a whole."""
MIN_MAIN_WORDS = 40
MIN_MAIN_SHARE = 0.6
"""Share of the words of a page, without its navigation, that the main text must contain to be used."""
MAX_REFRESH_SECONDS = 10
WORD = re.compile(r"\w+")
META_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
INVISIBLE = "//script | //style | //noscript | //template | //svg | //comment()"
NAVIGATION = (
    "//nav | //footer | //aside | //header[not(.//h1)] | //*[@role='navigation' or @role='contentinfo' or "
    "@role='banner' or @role='search' or @role='dialog' or @hidden]"
)
HEADINGS = "//h1 | //h2 | //h3 | //h4 | //h5 | //h6"


class WebPage(NamedTuple):
    """Page as read. `links` are normalized; `refresh` is the target of a `<meta http-equiv=refresh>`."""

    title: str
    language: str
    canonical: str | None
    refresh: str | None
    links: tuple[str, ...]
    words: int
    content: bytes


def read_page(body: bytes, url: str, charset: str | None, text: Literal["main", "full"]) -> WebPage:
    """Parse a page. `content` is an HTML document with the main text, or the page itself if that is not found."""
    source = decode_html(body, charset)
    tree = _parse(source)
    if tree is None:
        return WebPage("", "", None, None, (), 0, b"")
    base = _first(tree, "//base/@href") or ""
    base = normalize_url(base, url) or url if base else url
    title, language = _find_title(tree), _find_language(tree)
    canonical = _first(tree, "//link[contains(concat(' ', @rel, ' '), ' canonical ')]/@href")
    links = _find_links(tree, base)
    refresh = _find_refresh(tree, base)
    for node in tree.xpath(INVISIBLE):
        _drop(node)
    bodies = tree.xpath("//body")
    words = sum(map(_count_words, bodies)) if bodies else _count_words(tree)
    main = _extract_main_text(source, tree, url) if text == "main" and len(body) <= MAX_MAIN_TEXT_BYTES else None
    content = _build_document(main, title, language, url) if main else source.encode()
    return WebPage(
        title, language, canonical and normalize_url(canonical, base), refresh, links, words, content.strip()
    )


def decode_html(body: bytes, charset: str | None) -> str:
    """Decode a page with its byte order mark, the charset of its header or of its `<meta>`, or by its bytes."""
    for mark, name in BOMS:
        if body.startswith(mark):
            return _clean(body.decode(name, errors="replace"))
    match = META_CHARSET.search(body[:4096])
    for name in (charset, match[1].decode("ascii") if match else None, "utf-8"):
        try:
            if name and codecs.lookup(name).name not in ("utf-16", "utf-32"):
                return _clean(body.decode(name))
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    from charset_normalizer import from_bytes

    best = from_bytes(body[:200_000]).best()
    return _clean(body.decode(best.encoding if best else "latin-1", errors="replace"))


def _clean(source: str) -> str:
    return XML_DECLARATION.sub("", source.replace("\x00", " "), count=1)


def _parse(source: str) -> Any:
    from lxml import html as lxml_html
    from lxml.etree import LxmlError

    try:
        return lxml_html.document_fromstring(source)
    except (LxmlError, ValueError):
        return None


def _find_title(tree: Any) -> str:
    for path in ("//meta[@property='og:title']/@content", "//title//text()", "//h1//text()"):
        title = " ".join(" ".join(map(str, tree.xpath(path))).split())
        if title:
            return title[:500]
    return ""


def _find_language(tree: Any) -> str:
    from lxml.etree import LxmlError

    for path in (
        "/html/@lang",
        "/html/@xml:lang",
        "//meta[translate(@http-equiv, 'CL', 'cl')='content-language']/@content",
    ):
        try:
            value = _first(tree, path)
        except LxmlError:  # the prefix is unknown in a damaged document
            continue
        if value and re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]+)*", value.strip()):
            return value.strip().replace("_", "-")
    return ""


def _find_links(tree: Any, base: str) -> tuple[str, ...]:
    """Return the normalized addresses of the links of a page, in their order."""
    found: dict[str, None] = {}
    for link in tree.xpath("//a[@href] | //area[@href] | //frame[@src] | //iframe[@src] | //link[@rel='next'][@href]"):
        if "nofollow" in (link.get("rel") or "").lower().split():
            continue
        if address := normalize_url(link.get("href") or link.get("src") or "", base):
            found[address] = None
    return tuple(found)


def _find_refresh(tree: Any, base: str) -> str | None:
    for content in tree.xpath("//meta[translate(@http-equiv, 'REFSH', 'refsh')='refresh']/@content"):
        match = re.match(r"\s*(\d+)\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"']+)", str(content), re.IGNORECASE)
        if match and int(match[1]) <= MAX_REFRESH_SECONDS:
            return normalize_url(match[2], base)
    return None


def _extract_main_text(source: str, tree: Any, url: str) -> str | None:
    """Return the main text of a page as HTML. Returns None if too much of the page is missing in it."""
    import trafilatura
    from lxml import html as lxml_html

    try:
        main = trafilatura.extract(
            source,
            url=url,
            output_format="html",
            include_comments=False,
            include_tables=True,
            include_links=True,
            include_formatting=True,
            favor_recall=True,
        )
    except EXTRACTION_ERRORS:
        log.warning("the main text of %s cannot be extracted", url, exc_info=True)
        return None
    if not main:
        return None
    for node in tree.xpath(NAVIGATION):
        _drop(node)
    found = lxml_html.fromstring(main)
    words, expected = _count_words(found), _count_words(tree)
    has_lost_headings = bool(tree.xpath(HEADINGS)) and not found.xpath(HEADINGS)
    has_lost_tables = len(found.xpath("//tr")) < MIN_MAIN_SHARE * len(tree.xpath("//tr[not(ancestor::table//table)]"))
    if words < MIN_MAIN_WORDS or words < MIN_MAIN_SHARE * expected or has_lost_headings or has_lost_tables:
        return None
    body = found if found.tag == "body" else found.find("body")
    if body is None:
        body = found
    return "".join(str(lxml_html.tostring(child, encoding="unicode")) for child in body)


def _build_document(main: str, title: str, language: str, url: str) -> bytes:
    attribute = f' lang="{html.escape(language)}"' if language else ""
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><link rel="canonical" href="{html.escape(url)}">'
    document = f"<!DOCTYPE html>\n<html{attribute}>\n<head>{head}</head>\n<body>\n{main}\n</body>\n</html>\n"
    return document.encode()


def _first(tree: Any, path: str) -> str | None:
    found = tree.xpath(path)
    return str(found[0]).strip() if found else None


def _drop(node: Any) -> None:
    if node.getparent() is not None:
        node.drop_tree()


def _count_words(tree: Any) -> int:
    return len(WORD.findall(tree.text_content()))
