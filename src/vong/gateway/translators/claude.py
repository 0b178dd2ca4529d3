"""Rules that Claude models enforce at Anthropic and at Bedrock: thinking, sampling and the end of a conversation.

A request that breaks a rule is corrected if that is harmless. Otherwise it is rejected as unsupported before it is
sent, so that a route moves on to its next target.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from vong.errors import Unsupported
from vong.gateway.translators.reasoning_effort import (
    CLAUDE_BUDGET_TOKENS,
    DEFAULT_ANSWER_TOKENS,
    MIN_CLAUDE_BUDGET_TOKENS,
    resolve_effort,
)

VERSION_PATTERN = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
"""Version in a model name: `claude-3-5-sonnet`, `claude-opus-4-7-20260416`, `eu.anthropic.claude-sonnet-5-v1:0`."""
VERSIONLESS_ADAPTIVE_PATTERN = re.compile(r"claude-(?:mythos|fable)\b")
"""Models without a version in their name that only think adaptively."""
FIRST_ADAPTIVE_VERSION = (4, 6)
"""First version that decides itself how much to think, guided by an effort. Later ones accept no budget."""
FIRST_FIXED_SAMPLING_VERSION = (4, 7)
"""First version that rejects temperature, top_p and top_k."""
FIRST_SINGLE_SAMPLING_VERSION = (4, 1)
"""First version that rejects temperature together with top_p."""
FIRST_VERSION_WITHOUT_PREFILL = (4, 6)
"""First version that does not continue an assistant message."""
HIDES_THINKING_VERSION = (4, 7)
"""First version that returns its thinking only on request."""
MIN_THINKING_TOP_P = 0.95
EFFORT_LEVELS = {
    **{"minimal": "low", "low": "low", "medium": "medium"},
    **{"high": "high", "xhigh": "xhigh", "max": "max"},
}
"""Efforts of models that think adaptively, by OpenAI's effort."""


class ClaudeModel(NamedTuple):
    """What a model accepts, by its name. `version` is None if the name contains none."""

    version: tuple[int, int] | None
    is_adaptive: bool

    def since(self, version: tuple[int, int]) -> bool:
        """Return True if the model has at least a version. A model that only thinks adaptively has every version."""
        return self.version >= version if self.version else self.is_adaptive


def parse_claude_model(name: str) -> ClaudeModel:
    """Return what is known of a model. A name of another family is treated as an early version."""
    lower = name.lower()
    match = VERSION_PATTERN.search(lower)
    version = (int(match[1]), int(match[2] or 0)) if match else None
    is_adaptive = bool(VERSIONLESS_ADAPTIVE_PATTERN.search(lower)) or (
        version is not None and version >= FIRST_ADAPTIVE_VERSION
    )
    return ClaudeModel(version, is_adaptive)


def thinking_fields(
    model: ClaudeModel, effort: str, max_tokens: int | None, budgets: Mapping[str, int] = CLAUDE_BUDGET_TOKENS
) -> tuple[dict[str, Any], int]:
    """Return the fields that request an effort, and the maximum of tokens of the whole answer.

    Raises: Unsupported if the maximum leaves no room for the minimum budget.
    """
    if model.is_adaptive:
        level = EFFORT_LEVELS[resolve_effort(effort, EFFORT_LEVELS)]
        if level == "xhigh" and not model.since(FIRST_FIXED_SAMPLING_VERSION):
            level = "high"
        tokens = max_tokens or CLAUDE_BUDGET_TOKENS["high"] + DEFAULT_ANSWER_TOKENS
        return {"thinking": {"type": "adaptive"}, "output_config": {"effort": level}}, tokens
    thinking, tokens = fit_budget(budgets[resolve_effort(effort, budgets)], max_tokens)
    return {"thinking": thinking}, tokens


def fit_budget(budget: int, max_tokens: int | None) -> tuple[dict[str, Any], int]:
    """Return the field `thinking` with a budget below the maximum of the whole answer, and this maximum.

    Raises: Unsupported if the maximum leaves no room for the minimum budget.
    """
    tokens = max_tokens or budget + DEFAULT_ANSWER_TOKENS
    if tokens <= MIN_CLAUDE_BUDGET_TOKENS:
        raise Unsupported(
            f"thinking requires more than {MIN_CLAUDE_BUDGET_TOKENS} tokens, and the maximum is {tokens}",
            "raise max_completion_tokens, or remove reasoning_effort",
        )
    return {"type": "enabled", "budget_tokens": min(max(budget, MIN_CLAUDE_BUDGET_TOKENS), tokens - 1)}, tokens


def thinks(fields: Mapping[str, Any]) -> bool:
    """Return True if a chat requests thinking, by an effort or by Anthropic's own field."""
    thinking = fields.get("thinking")
    if isinstance(thinking, dict):
        return thinking.get("type") in {"enabled", "adaptive"}
    return fields.get("reasoning_effort") not in {None, "none"}


def apply_sampling_rules(fields: dict[str, Any], model: ClaudeModel, provider: str) -> None:
    """Remove the sampling fields of a chat that the model rejects, if it thinks or if their value is the default.

    A model that thinks samples in its own way, so that a request for thinking takes precedence.

    Raises: Unsupported if a model that does not think rejects a value.
    """
    temperature, top_p = fields.get("temperature"), fields.get("top_p")
    if temperature is not None and temperature > 1:
        raise Unsupported(f"{provider} does not support temperature {temperature}: its maximum is 1", "lower it")
    is_fixed = model.since(FIRST_FIXED_SAMPLING_VERSION)
    if thinks(fields):
        fields.pop("temperature", None)
        fields.pop("top_k", None)
        if is_fixed or top_p == 1 or (top_p is not None and top_p < MIN_THINKING_TOP_P):
            fields.pop("top_p", None)
    elif is_fixed:
        for name, default in (("temperature", 1), ("top_p", 1), ("top_k", None)):
            if (value := fields.pop(name, None)) not in {None, default}:
                hint = f"remove {name}, or use an earlier model"
                raise Unsupported(f"{provider}: this model does not support {name} {value}", hint)
    elif temperature is not None and top_p is not None and model.since(FIRST_SINGLE_SAMPLING_VERSION):
        if top_p == 1:
            del fields["top_p"]
        elif temperature == 1:
            del fields["temperature"]
        else:
            raise Unsupported(f"{provider}: this model does not support temperature with top_p", "send one of them")


def check_forced_tool(fields: Mapping[str, Any], provider: str) -> None:
    """Check the tool choice of a chat that requests thinking.

    Raises: Unsupported if the chat forces a tool call.
    """
    if thinks(fields) and fields.get("tools") and fields.get("tool_choice") not in (None, "auto", "none"):
        hint = "set tool_choice to auto, or remove reasoning_effort"
        raise Unsupported(f"{provider} cannot think before a forced tool call", hint)


def check_last_message(
    messages: Sequence[Mapping[str, Any]], model: ClaudeModel, provider: str, *, thinking: bool
) -> None:
    """Check the end of a conversation.

    Raises: Unsupported if it ends with an assistant message, and the model does not continue it.
    """
    if not messages or messages[-1]["role"] != "assistant":
        return
    if thinking:
        hint = "end with a user message, or remove reasoning_effort"
        raise Unsupported(f"{provider} cannot think and continue an assistant message", hint)
    if model.since(FIRST_VERSION_WITHOUT_PREFILL):
        hint = "end with a user message, or use another model"
        raise Unsupported(f"{provider}: this model does not continue an assistant message", hint)


def lacks_thinking(turns: Sequence[Mapping[str, Any]], block_kind: Callable[[Mapping[str, Any]], str]) -> bool:
    """Return True if a conversation is within a sequence of tool calls that began without thinking.

    Claude rejects thinking in the middle of such a sequence, and Anthropic itself turns it off there. `block_kind`
    returns `result` for the result of a tool, `thinking` for thinking of Claude, and any other text for other blocks.
    """
    called = False
    for turn in reversed(turns):
        kinds = {block_kind(block) for block in turn["content"]}
        if turn["role"] == "user" and "result" not in kinds:
            break
        if turn["role"] == "assistant" and "thinking" in kinds:
            return False
        called = called or "result" in kinds
    return called
