"""Templates of the tests."""

from typing import Any

from vong.records.prompt import PromptTemplate


def values(text: str = "Answer in a {{ tone }} tone.", **more: Any) -> dict[str, Any]:
    """Return a valid template as JSON values."""
    return {
        "variables": {
            "ticket": {"type": "string", "maxLength": 50},
            "tone": {"type": "string", "enum": ["formal", "friendly"], "default": "formal"},
        },
        "messages": [{"role": "system", "content": text}, {"role": "user", "content": "{{ ticket }}"}],
        **more,
    }


def template(text: str = "Answer in a {{ tone }} tone.", **more: Any) -> PromptTemplate:
    """Return a valid template."""
    return PromptTemplate.model_validate(values(text, **more))
