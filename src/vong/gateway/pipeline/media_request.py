"""Requests with audio or images: JSON or a form, of which only the model and the texts are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, NamedTuple

import msgspec

from vong.errors import InvalidInput
from vong.gateway.guards.request_texts import CONVERSATION_FIELDS
from vong.gateway.providers.base import Endpoint, MediaOperation

JSON_TYPE = "application/json"
TOKENS_PER_FILE = 20_000
"""Input tokens reserved for a file, whose size in bytes does not bound its tokens."""
OUTPUT_TOKENS = 20_000
"""Output tokens reserved for an audio, a transcript or an image."""


class UploadedPart(NamedTuple):
    """File of a form."""

    filename: str
    content_type: str
    content: bytes


class FormField(NamedTuple):
    """Field of a form: a text or a file."""

    name: str
    value: str | UploadedPart


@dataclass
class MediaRequest:
    """Request of an operation. `form` is empty if the request is JSON."""

    operation: MediaOperation
    fields: dict[str, Any]
    form: Sequence[FormField] = ()

    @property
    def endpoint(self) -> Endpoint:
        """Return the endpoint by which the scope of a key allows the operation."""
        return "audio" if self.operation.startswith("audio/") else "images"

    @property
    def model(self) -> str:
        """Return the requested model.

        Raises: InvalidInput if the model is missing.
        """
        model = self.fields.get("model")
        if not isinstance(model, str) or not model:
            raise InvalidInput("model is missing or empty", "list the available models with: vong gateway models")
        return model

    @property
    def stream(self) -> bool:
        """Return True if the request asks for a stream of events."""
        return self.fields.get("stream") in (True, "true", "True", "1") or self.fields.get("stream_format") == "sse"

    @property
    def files(self) -> list[UploadedPart]:
        """Return the files of the form."""
        return [field.value for field in self.form if isinstance(field.value, UploadedPart)]

    @property
    def texts(self) -> dict[str, str]:
        """Return the fields whose texts guards read.

        Raises: InvalidInput if one of them is not a text.
        """
        names = CONVERSATION_FIELDS[self.endpoint]
        texts = {name: value for name, value in self.fields.items() if name in names and value is not None}
        for name, value in texts.items():
            if not isinstance(value, str):
                raise InvalidInput(f"{name} is not a text", "send one string")
        return texts

    @property
    def token_bound(self) -> tuple[int, int]:
        """Return the number of input and output tokens to reserve for the call."""
        count = self.fields.get("n") or 1
        text = str(count)
        results = min(int(text), 1000) if text.isdecimal() else 1
        size = len(msgspec.json.encode(self.fields))
        return size + TOKENS_PER_FILE * len(self.files), OUTPUT_TOKENS * max(results, 1)

    def replace_texts(self, texts: Mapping[str, str]) -> None:
        """Replace texts by what the guards left of them."""
        self.fields.update(texts)

    def redact_texts(self, replacement: str) -> None:
        """Replace all values that guards would read."""
        names = CONVERSATION_FIELDS[self.endpoint]
        self.fields.update(dict.fromkeys(self.fields.keys() & names.keys(), replacement))

    def encode(self, model: str) -> tuple[bytes, str]:
        """Return the body for a provider, with its model name, and the content type."""
        if not self.form:
            return msgspec.json.encode({**self.fields, "model": model}), JSON_TYPE
        boundary = f"vong-{token_hex(16)}"
        values = {**self.fields, "model": model}
        repeated = {field.name for field in self.form if isinstance(self.fields.get(field.name), list)}
        parts = [
            _encode_part(boundary, name, value if name in repeated or not isinstance(value, str) else values[name])
            for name, value in self.form
        ]
        return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"

    def recorded(self) -> dict[str, Any]:
        """Return the request for the span, without the content of files."""
        files = [
            {"field": name, "filename": value.filename, "type": value.content_type, "bytes": len(value.content)}
            for name, value in self.form
            if isinstance(value, UploadedPart)
        ]
        return {**shorten_data(self.fields), **({"files": files} if files else {})}


def parse_json_request(operation: MediaOperation, body: bytes) -> MediaRequest:
    """Parse a JSON request.

    Raises: InvalidInput if the body is not a JSON object.
    """
    try:
        body.decode()
        return MediaRequest(operation, msgspec.json.decode(body, type=dict[str, Any]))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        hint = "send a JSON object, or a form with files: see docs/guides/gateway.md"
        raise InvalidInput(f"invalid request body: {error}", hint) from error


def create_form_request(operation: MediaOperation, form: Sequence[FormField]) -> MediaRequest:
    """Create a request from the fields of a form. A field that occurs more than once becomes a list."""
    fields: dict[str, Any] = {}
    for name, value in form:
        if isinstance(value, str):
            fields[name] = value if name not in fields else [*_as_list(fields[name]), value]
    return MediaRequest(operation, fields, form)


def shorten_data(value: Any, name: str = "") -> Any:
    """Return a value in which the data of files is replaced by its size."""
    if isinstance(value, dict):
        return {key: shorten_data(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [shorten_data(item, name) for item in value]
    is_data = isinstance(value, str) and (name in ("b64_json", "audio", "delta_audio") or value.startswith("data:"))
    return f"[{len(value)} characters of data]" if is_data and len(value) > 200 else value


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _encode_part(boundary: str, name: str, value: str | UploadedPart) -> bytes:
    head = f'--{boundary}\r\ncontent-disposition: form-data; name="{_quote(name)}"'
    if isinstance(value, str):
        return f"{head}\r\n\r\n{value}\r\n".encode()
    head = f'{head}; filename="{_quote(value.filename)}"\r\ncontent-type: {_single_line(value.content_type)}'
    return b"%b\r\n\r\n%b\r\n" % (head.encode(), value.content)


def _quote(text: str) -> str:
    """Return a name for a quoted parameter, as browsers encode it."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _single_line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ") or "application/octet-stream"
