"""Defaults of a deployment: fields that are added to requests that do not set them."""

import json
from collections.abc import Mapping
from typing import Any

SYNONYMS = {"max_tokens": ("max_completion_tokens",), "repetition_penalty": ("repeat_penalty",)}
"""Other names under which a caller may set a field."""
SYSTEM_ROLES = ("system", "developer")


def apply_defaults(body: bytes, defaults: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Return a request with the defaults of its model. A body without them is returned as it is.

    A field that is missing or null gets its default. The default of `system` is the first message of a conversation
    without a system message.
    """
    if not any(defaults.values()):
        return body
    try:
        fields: Any = json.loads(body)
    except ValueError:
        return body
    own = defaults.get(fields.get("model") or "", {}) if isinstance(fields, dict) else {}
    if not own:
        return body
    for name, value in own.items():
        if name != "system" and all(fields.get(one) is None for one in (name, *SYNONYMS.get(name, ()))):
            fields[name] = value
    messages = fields.get("messages")
    if own.get("system") and isinstance(messages, list) and not any(map(_is_system, messages)):
        fields["messages"] = [{"role": "system", "content": own["system"]}, *messages]
    return json.dumps(fields).encode()


def _is_system(message: Any) -> bool:
    return isinstance(message, dict) and message.get("role") in SYSTEM_ROLES
