"""Inputs of a pipeline from a chat, and the text of the answer from its outputs."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from vong.errors import InvalidInput
from vong.json_schemas import SafeSchema
from vong.pipelines.definition import PipelineDefinition
from vong.pipelines.publications import ChatMapping

MESSAGE_INPUTS = ("message", "question", "query", "input", "text", "prompt", "task", "ticket", "document")
"""Usual names of the input with the last message of the user."""
HISTORY_INPUTS = ("history", "messages", "conversation")
INSTRUCTION_INPUTS = ("instructions", "system")
ANSWER_OUTPUTS = ("answer", "text", "output", "result", "response", "reply", "message", "summary")
"""Usual names of the output with the answer."""
STATE_PREFIX = "conversation_"
"""Start of the names of inputs that get the output of the same name of the last run in a conversation."""
CITATION_OUTPUTS = ("citations", "passages", "sources")


class ChatInput(NamedTuple):
    """Conversation of a request: the last message of the user, the messages before it, the system messages."""

    message: str
    history: Sequence[Mapping[str, str]]
    instructions: str


def read_chat(messages: Sequence[Any]) -> ChatInput:
    """Return the conversation of chat messages.

    Raises: InvalidInput if no message of the user has a text.
    """
    spoken: list[dict[str, str]] = []
    instructions: list[str] = []
    for message in messages:
        if not isinstance(message, Mapping):
            raise InvalidInput("messages has an entry that is no object", 'send {"role": "user", "content": "…"}')
        role, text = message.get("role"), message_text(message.get("content"))
        if role in ("system", "developer"):
            instructions.append(text)
        elif role in ("user", "assistant") and text:
            spoken.append({"role": str(role), "content": text})
    last = next((number for number in reversed(range(len(spoken))) if spoken[number]["role"] == "user"), None)
    if last is None:
        raise InvalidInput("messages has no message of the user with a text", "send a message with the role user")
    return ChatInput(spoken[last]["content"], spoken[:last], "\n\n".join(filter(None, instructions)))


def message_text(content: Any) -> str:
    """Return the text of a content, which is a text or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, Sequence) else ()
    texts = [part.get("text") for part in parts if isinstance(part, Mapping)]
    return "\n".join(text for text in texts if isinstance(text, str))


def map_inputs(
    declared: Mapping[str, Mapping[str, Any]],
    mapping: ChatMapping,
    chat: ChatInput,
    *,
    given: Mapping[str, Any],
    defaults: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the inputs of a run: those of the caller, then the chat, then the defaults of the publication.

    Raises: InvalidInput if the mapping or the caller names an input that the pipeline does not have, or if no input
    can get the message.
    """
    for name in given:
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise InvalidInput(f"the pipeline has no input {name!r}", f"its inputs: {known}")
    check_mapping(declared, mapping)
    values = dict(defaults)
    if target := _find_input(declared, mapping.history, HISTORY_INPUTS):
        values[target] = as_history(declared[target], chat.history)
    if target := _find_input(declared, mapping.instructions, INSTRUCTION_INPUTS):
        values[target] = chat.instructions
    target = mapping.message or find_message_input(declared)
    if target is not None:
        values[target] = _as_message(declared[target], chat.message)
    elif not given and declared:
        raise InvalidInput(
            "no input of the pipeline can get the message of the user",
            "set mapping.message of the publication, or send the inputs in the field inputs",
        )
    return values | dict(given)


def find_state(definition: PipelineDefinition, mapping: ChatMapping, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs that continue with outputs of the last run. Values of another type are left out."""
    found: dict[str, Any] = {}
    for name, schema in definition.inputs.items():
        if not (name in mapping.state or name.startswith(STATE_PREFIX)):
            continue
        value = outputs.get(name)
        if value is not None and not SafeSchema(schema, f"input {name!r}").find_error(value):
            found[name] = value
    return found


def check_mapping(declared: Mapping[str, Mapping[str, Any]], mapping: ChatMapping) -> None:
    """Raise InvalidInput if a mapping names an input that the pipeline does not have."""
    for field in ("message", "history", "instructions"):
        name = getattr(mapping, field)
        if name is not None and name not in declared:
            known = ", ".join(declared) or "none"
            message = f"mapping.{field} names the input {name!r}, which the pipeline does not have"
            raise InvalidInput(message, f"its inputs: {known}")
    for name in mapping.state:
        if name not in declared:
            known = ", ".join(declared) or "none"
            message = f"mapping.state names the input {name!r}, which the pipeline does not have"
            raise InvalidInput(message, f"its inputs: {known}")


def find_message_input(declared: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Return the input for the last message: one of the usual names, or the only text that is required."""
    texts = [name for name, schema in declared.items() if _is_text(schema)]
    usual = next((name for name in MESSAGE_INPUTS if name in texts), None)
    if usual is not None:
        return usual
    required = [name for name in texts if "default" not in declared[name]]
    if len(required) == 1:
        return required[0]
    return texts[0] if len(texts) == 1 else None


def as_history(schema: Mapping[str, Any], history: Sequence[Mapping[str, str]]) -> Any:
    """Return earlier messages in the type of an input: a list of messages, or their text."""
    if schema.get("type") == "string":
        return "\n".join(f"{message['role']}: {message['content']}" for message in history)
    return [dict(message) for message in history]


def find_answer_name(outputs: Mapping[str, Any], mapping: ChatMapping) -> str | None:
    """Return the name of the output with the answer: the mapped one, one of the usual names, or the only output."""
    name = mapping.answer or next((name for name in ANSWER_OUTPUTS if name in outputs), None)
    return next(iter(outputs)) if name is None and len(outputs) == 1 else name


def find_answer(outputs: Mapping[str, Any], mapping: ChatMapping) -> str:
    """Return the text of the answer. Outputs without a usual name are returned as JSON."""
    name = find_answer_name(outputs, mapping)
    return as_text(outputs.get(name) if name is not None else dict(outputs))


def as_text(value: Any) -> str:
    """Return a value as text: a text itself, nothing as an empty text, others as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _find_input(declared: Mapping[str, Mapping[str, Any]], mapped: str | None, usual: Sequence[str]) -> str | None:
    return mapped or next((name for name in usual if name in declared), None)


def _is_text(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return kind in (None, "string") or (isinstance(kind, list) and "string" in kind)


def _as_message(schema: Mapping[str, Any], text: str) -> Any:
    """Return the message in the type of its input: JSON, if it is no text."""
    if _is_text(schema):
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text  # the check of the inputs reports the type
