"""Handbook page as HTML, with the navigation and footer that pages of real sites have."""

from __future__ import annotations

from html import escape

from generator.blocks import Block, spans

_TAGS = {"bold": "strong", "italic": "em", "code": "code"}


def render(blocks: list[Block], language: str) -> bytes:
    """Return the page as bytes."""
    title = next(block.text for block in blocks if block.kind == "title")
    body = "\n".join(_html(block) for block in blocks)
    return f"""<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<title>{escape(title)} | Tarnwick handbook</title>
<style>body {{ font-family: sans-serif; max-width: 44rem; margin: auto; }}</style>
</head>
<body>
<nav><a href="./">Handbook</a></nav>
<main>
{body}
</main>
<footer>Tarnwick support handbook</footer>
</body>
</html>
""".encode()


def _html(block: Block) -> str:
    if block.kind in ("title", "heading"):
        tag = "h1" if block.kind == "title" else "h2"
        return f"<{tag}>{_inline(block.text)}</{tag}>"
    if block.kind in ("bullets", "numbers"):
        tag = "ul" if block.kind == "bullets" else "ol"
        items = "\n".join(f"<li>{_inline(item)}</li>" for item in block.items)
        return f"<{tag}>\n{items}\n</{tag}>"
    if block.kind == "table":
        head, *rows = block.rows
        lines = [_row(head, "th"), *(_row(row, "td") for row in rows)]
        return "<table>\n" + "\n".join(lines) + "\n</table>"
    return f"<p>{_inline(block.text)}</p>"


def _row(cells: list[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{_inline(cell)}</{tag}>" for cell in cells) + "</tr>"


def _inline(text: str) -> str:
    parts: list[str] = []
    for style, words in spans(text):
        tag = _TAGS.get(style)
        parts.append(f"<{tag}>{escape(words)}</{tag}>" if tag else escape(words))
    return "".join(parts)
