"""Loader for Markdown and plain text."""

from markdown_it import MarkdownIt

from vong.knowledge.loaders import ParsedDocument, SectionBuilder, decode


def load_markdown(content: bytes, path: str) -> ParsedDocument:
    """Parse Markdown. Headings open sections; paragraphs, list items, table rows and code blocks are text."""
    builder = SectionBuilder()
    heading = 0
    row: list[str] | None = None
    for token in MarkdownIt("commonmark").enable("table").parse(decode(content, path)):
        if token.type == "heading_open":
            heading = int(token.tag[1])
        elif token.type == "inline" and heading:
            builder.heading(heading, plain(token.content))
            heading = 0
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            builder.add(" | ".join(row))
            row = None
        elif token.type == "inline" and row is not None:
            row.append(plain(token.content))
        elif token.type == "inline":
            builder.add(plain(token.content))
        elif token.type in {"fence", "code_block"}:
            builder.add(token.content)
    return builder.finish(path)


def plain(text: str) -> str:
    """Return inline Markdown as plain text without markup."""
    tokens = MarkdownIt("commonmark").parseInline(text)
    children = tokens[0].children or []
    return "".join(" " if child.type in {"softbreak", "hardbreak"} else child.content for child in children)
