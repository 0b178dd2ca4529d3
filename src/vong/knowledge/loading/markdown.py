"""Loader for Markdown, which is converted to HTML first, so that HTML in it is read too."""

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from vong.knowledge.loading.document import ParsedDocument, Section
from vong.knowledge.loading.encoding import clean_text, decode_text
from vong.knowledge.loading.html import load_html_text

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
KEY = re.compile(r"^[\w-]+[ \t]*:", re.MULTILINE)
TITLE = re.compile(r"""^title[ \t]*:[ \t]*["']?(.+?)["']?[ \t]*$""", re.MULTILINE)
WORD_AS_REFERENCE = re.compile(r"^( {0,3})\[(?=[^\]\n^]+\]:[ \t]*[^\s/.:#<]+[ \t]*$)", re.MULTILINE)
"""Line such as `[1]: Kyoto`, which Markdown takes for the address of a link."""
TAG = re.compile(r"<(/?)([A-Za-z][\w:.@-]*)")
KNOWN_TAGS = frozenset(
    """a abbr acronym address applet area article aside audio b base basefont bdi bdo big blockquote body br button
    canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed fieldset
    figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input
    ins kbd label legend li link main map mark math menu meta meter mi mn mo mrow nav nobr noscript object ol optgroup
    option output p param picture pre progress q rp rt ruby s samp script section select slot small source span strike
    strong style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul var
    video wbr""".split()  # noqa: SIM905
)


def load_markdown(content: bytes, path: str) -> ParsedDocument:
    """Load Markdown with its HTML, link addresses, list numbers and front matter.

    Raises: InvalidInput if the bytes are not text.
    """
    text, note = decode_text(content, path)
    document = load_markdown_text(text, path)
    return document._replace(notes=(*document.notes, note)) if note else document


def load_markdown_text(text: str, path: str) -> ParsedDocument:
    """Load Markdown that is already decoded."""
    text = clean_text(text)
    front = FRONT_MATTER.match(text)
    if front and not KEY.search(front.group(1)):
        front = None
    body = WORD_AS_REFERENCE.sub(r"\1\\[", text[front.end() :] if front else text)
    env: dict[str, Any] = {}
    page = _parser().render(body, env)
    document = load_html_text(page + _unused_references(env, page), path)
    if front:
        title = TITLE.search(front.group(1))
        sections = (Section("", front.group(1).strip()), *document.sections)
        document = document._replace(sections=sections, title=title.group(1) if title else document.title)
    return document


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": 100}).enable(["table", "strikethrough"])
    for rule in ("html_inline", "html_block"):
        parser.add_render_rule(rule, _render_html)
    for rule in ("em_open", "em_close", "strong_open", "strong_close"):
        parser.add_render_rule(rule, _render_emphasis)
    return parser


def _render_html(_: Any, tokens: "Sequence[Token]", position: int, *__: Any) -> str:
    """Return HTML in which what is no tag of HTML, as `<your name>`, is text."""
    return TAG.sub(
        lambda tag: tag.group() if tag.group(2).lower() in KNOWN_TAGS else escape(tag.group()), tokens[position].content
    )


def _render_emphasis(renderer: Any, tokens: "Sequence[Token]", position: int, options: Any, env: Any) -> str:
    """Return the tag of emphasis, or the signs themselves in `5*3*2` and `__init__`."""
    before = tokens[position - 1].content[-1:] if position else ""
    after = tokens[position + 1].content[:1] if position + 1 < len(tokens) else ""
    if before.isdigit() and after.isdigit():
        return tokens[position].markup
    if tokens[position].markup == "__" and _is_identifier(tokens, position):
        return "__"
    return renderer.renderToken(tokens, position, options, env)


def _is_identifier(tokens: "Sequence[Token]", position: int) -> bool:
    """Check that strong emphasis is the name of a Python method, as `__init__`."""
    inside = position + 1 if tokens[position].nesting == 1 else position - 1
    return re.fullmatch("[a-z]+(_[a-z]+)*", tokens[inside].content) is not None


def _unused_references(env: dict[str, Any], page: str) -> str:
    """Return the addresses of links that no text refers to."""
    references: dict[str, dict[str, str]] = env.get("references", {})
    unused = [
        f"<p>[{escape(name.lower())}]: {escape(reference['href'])} {escape(reference.get('title') or '')}</p>"
        for name, reference in references.items()
        if escape(reference["href"]) not in page
    ]
    return "\n".join(unused)
