"""Loader for e-mails: headers, the text or HTML body, and attachments."""

from collections.abc import Callable
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import default

from vong.errors import InvalidInput
from vong.knowledge.loading.archive import MAX_DEPTH
from vong.knowledge.loading.document import HEADING_SEPARATOR, ParsedDocument, Section
from vong.knowledge.loading.encoding import decode_text, title_from_path
from vong.knowledge.loading.html import load_html_text
from vong.knowledge.loading.sections import SectionBuilder

MEDIA_TYPE = "message/rfc822"
SHOWN_HEADERS = ("Subject", "From", "To", "Cc", "Date")
PARSE_ERRORS = (MessageError, ValueError, LookupError, TypeError, AttributeError)
"""Errors of the parser for malformed messages."""


def load_mail(
    content: bytes, path: str, load: Callable[[bytes, str, int], ParsedDocument], depth: int = 0
) -> ParsedDocument:
    """Load an e-mail: its headers, its body, and each attachment under its name.

    Attachments that cannot be read are named in the notes. `load` loads one, with the number of files around it.

    Raises: InvalidInput if the message is malformed.
    """
    try:
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        headers = [f"{name}: {value}" for name in SHOWN_HEADERS for value in message.get_all(name, [])]
        subject = str(message.get("Subject") or "").strip()
        bodies = [_body(message, kind, path) for kind in ("plain", "html")]
        attachments = [_attachment(part) for part in message.iter_attachments()]
    except PARSE_ERRORS as error:
        raise InvalidInput(f"{path!r} is not a readable e-mail: {error}", "save it again from its program") from error
    builder = SectionBuilder()
    builder.add_text("\n".join(headers))
    body = max(bodies, key=lambda found: sum(len(section.text.split()) for section in found.sections))
    sections = [*builder.build(path).sections, *body.sections]
    notes = list(body.notes)
    for name, data in attachments:
        loaded, reasons = _load_attachment(data, name, load, depth)
        sections += loaded
        notes += reasons
    return ParsedDocument(subject or title_from_path(path), tuple(sections), notes=tuple(notes))


def _body(message: EmailMessage, kind: str, path: str) -> ParsedDocument:
    part = message.get_body((kind,))
    if part is None:
        return ParsedDocument("", ())
    data = part.get_payload(decode=True)
    text, note = decode_text(data, path, part.get_content_charset()) if isinstance(data, bytes) and data else ("", "")
    if kind == "html":
        document = load_html_text(text, path)
    else:
        builder = SectionBuilder()
        builder.add_text(text)
        document = builder.build(path)
    return document._replace(notes=(note,)) if note else document


def _attachment(part: EmailMessage) -> tuple[str, bytes]:
    """Return the name and the bytes of an attachment."""
    if part.get_content_type() == MEDIA_TYPE:
        inner = part.get_content()
        return part.get_filename() or f"{inner.get('Subject') or 'message'}.eml", bytes(inner)
    suffix = {"text/html": ".html", "text/plain": ".txt"}.get(part.get_content_type(), "")
    data = part.get_payload(decode=True)
    return part.get_filename() or f"attachment{suffix}", data if isinstance(data, bytes) else b""


def _load_attachment(
    data: bytes, name: str, load: Callable[[bytes, str, int], ParsedDocument], depth: int
) -> tuple[list[Section], list[str]]:
    """Return the sections of an attachment under its name, or the reason why it was not read."""
    if depth >= MAX_DEPTH:
        return [], [f"{name} was not read: it is an attachment at depth {depth + 1}, and {MAX_DEPTH} are read"]
    try:
        loaded = load(data, name, depth + 1)
    except InvalidInput as error:
        return [], [f"{name} was not read: {error.message}"]
    headings = [HEADING_SEPARATOR.join(filter(None, [name, section.heading])) for section in loaded.sections]
    named = [section._replace(heading=heading) for section, heading in zip(loaded.sections, headings, strict=True)]
    return named, list(loaded.notes)
