"""Loader for Markdown and plain text."""

from markdown_it import MarkdownIt

from vong.knowledge.loaders import ParsedDocument, SectionBuilder, decode_utf8


def load_markdown(content: bytes, path: str) -> ParsedDocument:
    """Parse Markdown. Headings open sections; paragraphs, list items, table rows and code blocks are text."""
    builder = SectionBuilder()
    heading = 0
    row: list[str] | None = None
    for token in MarkdownIt("commonmark").enable("table").parse(decode_utf8(content, path)):
        if token.type == "heading_open":
            heading = int(token.tag[1])
        elif token.type == "inline" and heading:
            builder.start_section(heading, strip_markup(token.content))
            heading = 0
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            builder.add_text(" | ".join(row))
            row = None
        elif token.type == "inline" and row is not None:
            row.append(strip_markup(token.content))
        elif token.type == "inline":
            builder.add_text(strip_markup(token.content))
        elif token.type in {"fence", "code_block"}:
            builder.add_text(token.content)
    return builder.build(path)


def strip_markup(text: str) -> str:
    """Return inline Markdown as plain text without markup."""
    tokens = MarkdownIt("commonmark").parseInline(text)
    children = tokens[0].children or []
    return "".join(" " if child.type in {"softbreak", "hardbreak"} else child.content for child in children)
