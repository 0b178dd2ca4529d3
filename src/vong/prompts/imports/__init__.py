"""Prompts of other programs as templates: Langfuse, LangChain and LangSmith, and requests of OpenAI's API."""

from collections.abc import Mapping
from typing import Any, Literal

from vong.errors import InvalidInput
from vong.prompts.imports.langchain import from_langchain
from vong.prompts.imports.langfuse import from_langfuse
from vong.prompts.imports.openai import from_openai
from vong.prompts.imports.result import ImportedPrompt

PromptFormat = Literal["langfuse", "langchain", "openai"]

__all__ = ["ImportedPrompt", "PromptFormat", "convert"]

CONVERTERS = {"langfuse": from_langfuse, "langchain": from_langchain, "openai": from_openai}


def convert(document: Mapping[str, Any], format: Literal["auto"] | PromptFormat = "auto") -> ImportedPrompt:
    """Return the template of a prompt of another program.

    Raises: InvalidInput if the format is unknown or the prompt uses something that has no counterpart.
    """
    return CONVERTERS[_detect(document) if format == "auto" else format](document)


def _detect(document: Mapping[str, Any]) -> PromptFormat:
    if "lc" in document or "manifest" in document:
        return "langchain"
    if isinstance(document.get("prompt"), str | list):
        return "langfuse"
    if any(field in document for field in ("messages", "input", "instructions")):
        return "openai"
    raise InvalidInput(
        f"the format is not recognized (fields: {', '.join(map(str, document))[:200] or 'none'})",
        "pass a prompt of Langfuse, a manifest of LangChain or LangSmith, or the body of an OpenAI request",
    )
