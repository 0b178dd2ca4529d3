"""Arguments of a tool call, decoded for APIs that send them as an object."""

from typing import Any

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.translators.partial_json import parse_partial_object


def parse_tool_input(name: str, arguments: str, *, is_cut_off: bool) -> Any:
    """Return the decoded arguments; of an answer that was cut off, what can be read of them.

    Some servers encode the arguments twice.

    Raises: UpstreamFailed if the arguments of a complete answer are not valid JSON.
    """
    try:
        found = msgspec.json.decode(arguments or "{}")
        if isinstance(found, str):
            found = msgspec.json.decode(found or "{}")
    except msgspec.DecodeError as error:
        if is_cut_off:
            return parse_partial_object(arguments)
        hint = "try again, or set a stricter schema for the tool"
        raise UpstreamFailed(f"the model called the tool {name!r} with invalid JSON: {error}", hint) from error
    return {} if found is None else found
