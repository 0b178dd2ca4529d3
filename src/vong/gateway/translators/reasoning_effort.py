"""Reasoning effort of a chat, translated to a budget of thinking tokens."""

from collections.abc import Mapping
from typing import Any

from vong.errors import InvalidInput

EFFORT_ALIASES = {"xhigh": "high", "max": "high"}
"""Efforts that an API whose highest effort is `high` does not have."""
THINKING_BUDGET_TOKENS = {"minimal": 512, "low": 1024, "medium": 8192, "high": 24576}
"""Thinking budget in tokens for each of OpenAI's efforts."""
MIN_CLAUDE_BUDGET_TOKENS = 1024
CLAUDE_BUDGET_TOKENS = {**THINKING_BUDGET_TOKENS, "minimal": MIN_CLAUDE_BUDGET_TOKENS, "low": 2048}
"""Thinking budgets of Claude models, which have a minimum."""
DEFAULT_ANSWER_TOKENS = 4096
"""Default maximum of output tokens without the thinking budget, for an API that requires a maximum."""


def resolve_effort(effort: str, known: Mapping[str, Any]) -> str:
    """Return the effort, or `high` if it is higher than all that are known.

    Raises: InvalidInput if the effort is unknown.
    """
    resolved = effort if effort in known else EFFORT_ALIASES.get(effort, effort)
    if resolved not in known:
        raise InvalidInput(f"unknown reasoning_effort {effort!r}", f"use one of: {', '.join(known)}")
    return resolved


def effort_of_budget(tokens: int) -> str:
    """Return the effort that is nearest to a thinking budget in tokens."""
    return "low" if tokens < 4096 else "medium" if tokens < 16384 else "high"
