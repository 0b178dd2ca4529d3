"""Requests of Anthropic's messages and chat requests, in both directions.

A messages request becomes a chat field by field: fields that a chat does not have are removed if the answer stays the
same without them, and rejected otherwise. Thinking becomes `reasoning_content`, and with its signature
`reasoning_details`; the provider decides which of both its API receives.
"""

from collections.abc import Mapping
from typing import Any

from vong.errors import Unsupported
from vong.gateway.translators.anthropic_content import (
    chat_messages,
    limit_cache_points,
    system_messages,
    translate_conversation,
)
from vong.gateway.translators.anthropic_tools import tools_to_anthropic, tools_to_chat
from vong.gateway.translators.chat_fields import FORWARDED_FIELDS
from vong.gateway.translators.claude import (
    FIRST_FIXED_SAMPLING_VERSION,
    HIDES_THINKING_VERSION,
    ClaudeModel,
    apply_sampling_rules,
    check_forced_tool,
    check_last_message,
    fit_budget,
    lacks_thinking,
    parse_claude_model,
    thinking_fields,
    thinks,
)
from vong.gateway.translators.content import (
    pop_max_tokens,
    pop_stop_sequences,
    select_fields,
    used_functions,
)
from vong.gateway.translators.reasoning_effort import DEFAULT_ANSWER_TOKENS, EFFORT_ALIASES, effort_of_budget
from vong.gateway.translators.tool_call_ids import ANTHROPIC_ID_PATTERN, rewrite_tool_call_ids
from vong.gateway.translators.tool_results import pair_tool_results

UNSUPPORTED_FIELDS = (
    *("n", "logprobs", "top_logprobs", "logit_bias", "frequency_penalty", "presence_penalty", "seed", "audio"),
    *("modalities", "prediction", "functions", "function_call", "web_search_options", "verbosity"),
)
"""Fields that messages do not support."""
ANTHROPIC_ONLY_FIELDS = ("container", "mcp_servers")
"""Fields of messages that a chat cannot express."""
HARMLESS_EDIT_PREFIXES = ("clear_", "compact_")
"""Context edits that shorten a long conversation at Anthropic. A model that gets the whole conversation needs none."""


def to_chat_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a messages request into a chat.

    Raises: Unsupported if a chat cannot express the request.
    """
    fields = {name: value for name, value in request.items() if value is not None}
    _check_anthropic_fields(fields)
    chat: dict[str, Any] = {"model": fields["model"], "messages": system_messages(fields.get("system"))}
    for message in fields["messages"]:
        chat["messages"] += chat_messages(message)
    if "cache_control" in fields and chat["messages"]:
        chat["messages"][-1] = {"cache_control": fields["cache_control"], **chat["messages"][-1]}
    if "max_tokens" in fields:
        chat["max_completion_tokens"] = fields["max_tokens"]
    if stop := fields.get("stop_sequences"):
        chat["stop"] = stop
    user = (request.get("metadata") or {}).get("user_id")
    if user is not None:
        chat["user"] = user
    tools_to_chat(fields, chat)
    _thinking_to_chat(fields, chat)
    if fields.get("stream"):
        chat["stream_options"] = {"include_usage": True}
    return {**{name: fields[name] for name in FORWARDED_FIELDS if name in fields}, **chat}


def to_anthropic_request(chat: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a chat into a messages request.

    Raises: Unsupported if messages cannot express the request.
    """
    fields = select_fields(chat, "Anthropic", UNSUPPORTED_FIELDS)
    request: dict[str, Any] = {"model": fields.pop("model")}
    model = parse_claude_model(str(request["model"]))
    messages = pair_tool_results(rewrite_tool_call_ids(fields.pop("messages"), ANTHROPIC_ID_PATTERN))
    system, request["messages"] = translate_conversation(messages)
    if system:
        request["system"] = system
    check_forced_tool(fields, "Anthropic")
    if thinks(fields) and not model.is_adaptive and lacks_thinking(request["messages"], _block_kind):
        fields.pop("reasoning_effort", None)
        fields.pop("thinking", None)
    check_last_message(request["messages"], model, "Anthropic", thinking=thinks(fields))
    apply_sampling_rules(fields, model, "Anthropic")
    max_tokens = pop_max_tokens(fields)
    if stop := [text for text in pop_stop_sequences(fields) if text.strip()]:
        request["stop_sequences"] = stop
    if "user" in chat and chat["user"] is not None:
        request["metadata"] = {"user_id": chat["user"]}
    tools_to_anthropic(fields, request, used_functions(messages))
    max_tokens = _effort_to_anthropic(fields, request, model, max_tokens)
    _format_to_anthropic(fields, request)
    limit_cache_points(request)
    if isinstance(fields.get("output_config"), dict) and "output_config" in request:
        fields["output_config"] = {**request["output_config"], **fields["output_config"]}
    return {**request, "max_tokens": max_tokens or DEFAULT_ANSWER_TOKENS, **fields}


def _check_anthropic_fields(fields: Mapping[str, Any]) -> None:
    for name in ANTHROPIC_ONLY_FIELDS:
        if fields.get(name):
            raise Unsupported(f"only Anthropic supports {name}", f"remove {name}, or use a model of Anthropic")
    if fields.get("inference_geo", "global") not in {"global", "not_available"}:
        raise Unsupported("only Anthropic supports inference_geo", "remove it, or use a model of Anthropic")
    for edit in (fields.get("context_management") or {}).get("edits") or []:
        if not edit["type"].startswith(HARMLESS_EDIT_PREFIXES):
            hint = "remove it from context_management, or use a model of Anthropic"
            raise Unsupported(f"only Anthropic supports the context edit {edit['type']!r}", hint)


def _thinking_to_chat(fields: Mapping[str, Any], chat: dict[str, Any]) -> None:
    thinking, output = fields.get("thinking") or {}, fields.get("output_config") or {}
    if thinking.get("type") == "enabled":
        chat["reasoning_effort"] = effort_of_budget(thinking.get("budget_tokens") or 0)
    if (effort := output.get("effort")) and thinking.get("type") != "disabled":
        chat["reasoning_effort"] = EFFORT_ALIASES.get(effort, effort)
    if (output_format := output.get("format") or fields.get("output_format")) is not None:
        schema = {"name": "answer", "schema": output_format["schema"], "strict": True}
        chat["response_format"] = {"type": "json_schema", "json_schema": schema}


def _block_kind(block: Mapping[str, Any]) -> str:
    return {"tool_result": "result", "redacted_thinking": "thinking"}.get(block["type"]) or str(block["type"])


def _effort_to_anthropic(
    fields: dict[str, Any], request: dict[str, Any], model: ClaudeModel, tokens: int | None
) -> int | None:
    """Set the thinking effort or budget, and return the maximum number of tokens."""
    effort, own_thinking = fields.pop("reasoning_effort", None), fields.get("thinking")
    if isinstance(own_thinking, dict) and own_thinking.get("type") == "enabled":
        budget = int(own_thinking["budget_tokens"])
        if not model.since(FIRST_FIXED_SAMPLING_VERSION):
            fields["thinking"], tokens = fit_budget(budget, tokens)
            return tokens
        del fields["thinking"]
        effort = effort_of_budget(budget)
    if effort is None or effort == "none" or "thinking" in fields:
        return tokens
    thinking, tokens = thinking_fields(model, effort, tokens)
    if model.since(HIDES_THINKING_VERSION):
        thinking["thinking"]["display"] = "summarized"
    request |= thinking
    return tokens


def _format_to_anthropic(fields: dict[str, Any], request: dict[str, Any]) -> None:
    response_format: dict[str, Any] = fields.pop("response_format", None) or {"type": "text"}
    if response_format["type"] == "json_schema":
        schema = response_format["json_schema"].get("schema") or {"type": "object"}
        output_format = {"format": {"type": "json_schema", "schema": schema}}
        request["output_config"] = {**request.get("output_config", {}), **output_format}
    elif response_format["type"] != "text":
        raise Unsupported(f"Anthropic does not support response_format {response_format['type']!r}", "use json_schema")
