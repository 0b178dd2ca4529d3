"""Conversion of Notion's rich text and property values to Markdown."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

MARKS = (("code", "`"), ("bold", "**"), ("italic", "*"), ("strikethrough", "~~"))
SIGNED_HOSTS = ("amazonaws.com", "notion-static.com", "notion.so", "notionusercontent.com")


def to_markdown(spans: Any) -> str:
    """Return rich text as Markdown: bold, italic, code, strikethrough, links, equations and mentions."""
    return "".join(_span_to_markdown(span) for span in spans or () if isinstance(span, dict))


def to_text(spans: Any) -> str:
    """Return rich text without markup."""
    return "".join(str(span.get("plain_text") or "") for span in spans or () if isinstance(span, dict))


def _span_to_markdown(span: dict[str, Any]) -> str:
    text = str(span.get("plain_text") or "")
    if span.get("type") == "equation":
        return f"${(span.get('equation') or {}).get('expression') or text}$"
    stripped = text.strip()
    if not stripped:
        return text
    marked = stripped
    annotations = span.get("annotations") or {}
    for name, mark in MARKS:
        if annotations.get(name) and "\n" not in stripped:
            marked = f"{mark}{marked}{mark}"
    if (href := span.get("href")) and str(href) != stripped:
        marked = f"[{marked}]({stable_url(str(href))})"
    # Spaces belong outside of the marks: "** a**" is no bold text.
    return text[: len(text) - len(text.lstrip())] + marked + text[len(text.rstrip()) :]


def stable_url(url: str) -> str:
    """Return a URL without its signature, which is another one at each reading and expires."""
    parts = urlsplit(url)
    if parts.hostname and parts.hostname.endswith(SIGNED_HOSTS) and ("X-Amz-" in parts.query or "exp=" in parts.query):
        return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    return url


def file_url(value: Any) -> str:
    """Return the address of a file object, which Notion stores itself or which is elsewhere."""
    if not isinstance(value, dict):
        return ""
    inner = value.get(str(value.get("type"))) or value.get("file") or value.get("external") or {}
    return stable_url(str(inner.get("url") or "")) if isinstance(inner, dict) else ""


def property_text(value: Any) -> str:
    """Return the value of a property of a page as text. Unknown types give an empty text."""
    if not isinstance(value, dict):
        return ""
    kind = str(value.get("type") or "")
    inner = value.get(kind)
    if inner is None or inner == []:
        return ""
    return PROPERTY_FORMATS.get(kind, _plain)(inner)


def _computed_text(inner: Any) -> str:
    """Return the value of a formula or a rollup."""
    if not isinstance(inner, dict):
        return ""
    kind = str(inner.get("type") or "")
    found = inner.get(kind)
    if kind == "array":
        return ", ".join(filter(None, map(property_text, found or ())))
    if kind == "date":
        return _date_text(found)
    if kind == "boolean":
        return "" if found is None else "yes" if found else "no"
    return "" if found is None else _plain(found)


def _date_text(value: Any) -> str:
    if not isinstance(value, dict) or not value.get("start"):
        return ""
    return str(value["start"]) + (f" to {value['end']}" if value.get("end") else "")


def _name(value: Any) -> str:
    """Return the name of an option, a person, a file or a related page."""
    if not isinstance(value, dict):
        return _plain(value)
    name = value.get("name")
    return str(name) if name else file_url(value)


def _plain(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, (str, int, float)) else ""


def _names(values: Any) -> str:
    return ", ".join(filter(None, map(_name, values)))


def _unique_id(value: Any) -> str:
    return "-".join(str(part) for part in (value.get("prefix"), value.get("number")) if part is not None)


PROPERTY_FORMATS: dict[str, Callable[[Any], str]] = {
    "title": to_markdown,
    "rich_text": to_markdown,
    "select": _name,
    "status": _name,
    "formula": _computed_text,
    "rollup": _computed_text,
    "multi_select": _names,
    "people": _names,
    "files": _names,
    "date": _date_text,
    "unique_id": _unique_id,
    "created_by": _name,
    "last_edited_by": _name,
    "checkbox": lambda value: "yes" if value else "no",
    "relation": lambda _: "",  # ids of pages, which say nothing
    "verification": lambda value: str(value.get("state") or "") if isinstance(value, dict) else "",
}
"""Formatters of property values. Other types are numbers and texts."""
