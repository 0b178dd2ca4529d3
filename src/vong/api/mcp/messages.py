"""Messages of MCP: JSON-RPC requests, results and errors, and the versions of the protocol.

Versions up to 2025-11-25 begin with the request `initialize`. From 2026-07-28 each request carries the version and the
capabilities of the client in `params._meta`, and `server/discover` takes the place of `initialize`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

HANDSHAKE_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""Versions that begin with `initialize`."""
STATELESS_VERSIONS = ("2026-07-28",)
"""Versions in which each request carries the version."""
BATCH_VERSIONS = ("2024-11-05", "2025-03-26")
"""Versions that allow several messages in one body."""
VERSION_HEADER, METHOD_HEADER, NAME_HEADER = "mcp-protocol-version", "mcp-method", "mcp-name"
META_VERSION = "io.modelcontextprotocol/protocolVersion"
META_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
NAME_FIELDS = {"tools/call": "name", "resources/read": "uri", "prompts/get": "name"}
"""Methods whose header `Mcp-Name` repeats a parameter."""
PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
INTERNAL_ERROR, HEADER_MISMATCH, UNSUPPORTED_VERSION = -32603, -32020, -32022
RESOURCE_NOT_FOUND = -32002
STATUSES = {PARSE_ERROR: 400, INVALID_REQUEST: 400, HEADER_MISMATCH: 400, UNSUPPORTED_VERSION: 400}
"""HTTP status of errors in every version; all others are 200."""
STATELESS_STATUSES = {**STATUSES, INVALID_PARAMS: 400, METHOD_NOT_FOUND: 404}
"""HTTP status of errors from 2026-07-28."""


class RpcError(Exception):
    """Error of a JSON-RPC request."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class RpcMessage(NamedTuple):
    """Message of a client. A notification and a response have no `id` or no `method`."""

    id: int | str | None
    method: str | None
    params: Mapping[str, Any]

    @property
    def is_request(self) -> bool:
        """Return True if the message expects a response."""
        return self.id is not None and self.method is not None


def decode_body(body: bytes) -> Any:
    """Decode a body as JSON. Raises RpcError."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RpcError(PARSE_ERROR, f"the body is not JSON: {error}") from None


def parse_message(value: Any) -> RpcMessage:
    """Parse one message. Raises RpcError if it is no message of JSON-RPC 2.0."""
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
        raise RpcError(INVALID_REQUEST, 'a message is an object with "jsonrpc": "2.0"')
    method, id, params = value.get("method"), value.get("id"), value.get("params", {})
    if method is None and ("result" in value or "error" in value):
        return RpcMessage(None, None, {})
    if not isinstance(method, str):
        raise RpcError(INVALID_REQUEST, "the message has no method")
    if "id" in value and (isinstance(id, bool) or not isinstance(id, str | int)):
        raise RpcError(INVALID_REQUEST, "the id of a request is a text or an integer")
    if not isinstance(params, dict):
        raise RpcError(INVALID_PARAMS, "params is not an object")
    return RpcMessage(id, method, params)


def encode_result(id: int | str | None, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the response to a request."""
    return {"jsonrpc": "2.0", "id": id, "result": result}


def encode_error(id: int | str | None, error: RpcError) -> dict[str, Any]:
    """Return the error response to a request."""
    fields: dict[str, Any] = {"code": error.code, "message": error.message}
    return {"jsonrpc": "2.0", "id": id, "error": fields | ({"data": error.data} if error.data is not None else {})}


def choose_version(requested: Any) -> str:
    """Return the version of a session: the requested one, or the newest that begins with `initialize`."""
    return requested if requested in HANDSHAKE_VERSIONS else HANDSHAKE_VERSIONS[-1]


def unsupported_version(requested: str) -> RpcError:
    """Return the error for a version that is not supported."""
    supported = [*HANDSHAKE_VERSIONS, *STATELESS_VERSIONS]
    message = f"the protocol version {requested!r} is not supported"
    return RpcError(UNSUPPORTED_VERSION, message, {"supported": supported, "requested": requested})


def check_envelope(message: RpcMessage, headers: Mapping[str, str]) -> None:
    """Check that a stateless request carries its version and capabilities, and that its headers repeat them.

    Raises: RpcError.
    """
    meta = message.params.get("_meta")
    missing = [key for key in (META_VERSION, META_CAPABILITIES) if not isinstance(meta, dict) or key not in meta]
    if missing or not isinstance(meta, dict):
        raise RpcError(INVALID_PARAMS, f"params._meta has no {' and no '.join(missing)}")
    expected = {VERSION_HEADER: meta[META_VERSION], METHOD_HEADER: message.method}
    if field := NAME_FIELDS.get(message.method or ""):
        expected[NAME_HEADER] = message.params.get(field)
    for name, value in expected.items():
        if decode_header(headers.get(name)) != value:
            raise RpcError(HEADER_MISMATCH, f"the header {name} is {headers.get(name)!r}, but the body has {value!r}")


def decode_header(value: str | None) -> str | None:
    """Return the value of a header. A value with other characters than ASCII is encoded as `=?base64?…?=`."""
    if value is None or not (value.startswith("=?base64?") and value.endswith("?=")):
        return value
    import base64
    import binascii

    try:
        return base64.b64decode(value[9:-2], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return value
