"""Messages and parameters of a model call with a rendered prompt."""

from typing import Any

from vong.records import Message
from vong.records.prompt import RenderedPrompt
from vong.structured_outputs import build_response_format


def build_call(rendered: RenderedPrompt) -> tuple[list[Message], dict[str, Any]]:
    """Return the messages and the parameters of a request to `/v1/chat/completions`."""
    params: dict[str, Any] = dict(rendered.settings)
    if rendered.tools:
        params["tools"] = rendered.tools
    if rendered.output_schema is not None:
        params["response_format"] = build_response_format(rendered.output_schema)
    return [Message.model_validate(message) for message in rendered.messages], params
