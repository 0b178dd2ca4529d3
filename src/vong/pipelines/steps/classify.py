"""Step `classify`: assigns a text to one of several classes by a model, each of which is a port."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator

from vong.errors import InvalidInput
from vong.pipelines import types
from vong.pipelines.definition import IDENTIFIER, JsonSchema
from vong.pipelines.services import ModelRequest
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult
from vong.structured_outputs import find_objects, strip_reasoning


class ClassifyConfig(StepConfig):
    """Settings of a classification."""

    text: str = Field(description="Text to classify.")
    model: str = Field(min_length=1)
    classes: dict[str, str] = Field(min_length=2, max_length=50, description="Class: description for the model.")
    instructions: str = Field(default="", description="Further instructions for the model.")
    fallback: str | None = Field(default=None, description="Class of an answer that names none. Without it, an error.")
    settings: dict[str, Any] = {}

    @field_validator("classes")
    @classmethod
    def _check_names(cls, classes: dict[str, str]) -> dict[str, str]:
        for name in classes:
            if not IDENTIFIER.fullmatch(name) or name == "error":
                raise ValueError(f"invalid name of a class: {name!r} (use lowercase letters, digits and '_')")
        return classes


class ClassifyStep:
    """Classification by a model."""

    Config: ClassVar[type[StepConfig]] = ClassifyConfig
    span_kind: ClassVar[str] = "other"

    def outputs(self, config: ClassifyConfig, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the types of the outputs."""
        del types_
        return {"label": {**types.STRING, "enum": list(self.ports(config))}, "answer": types.STRING}

    def ports(self, config: ClassifyConfig) -> tuple[str, ...]:
        """Return one port per class, and the fallback."""
        extra = (config.fallback,) if config.fallback and config.fallback not in config.classes else ()
        return (*config.classes, *extra)

    async def run(self, context: StepContext, config: ClassifyConfig) -> StepResult:
        """Ask the model, and take the port of its class."""
        model = context.run.models.get(config.model, config.model)
        settings = {"temperature": 0, "max_tokens": 200, **config.settings}
        request = ModelRequest(model, build_messages(config), settings)
        reply = await context.services.call_model(context.run, context.span_id, request, None)
        label = find_label(reply.text, list(config.classes)) or config.fallback
        if label is None:
            message = f"the answer of {model!r} names no class: {reply.text[:200]!r}"
            raise InvalidInput(message, "set `fallback`, or describe the classes better")
        return StepResult({"label": label, "answer": reply.text}, label)


def build_messages(config: ClassifyConfig) -> list[dict[str, Any]]:
    """Return the messages for the model."""
    lines = "\n".join(f"- {name}: {description}" for name, description in config.classes.items())
    system = f"Classify the text of the user. Answer only with the name of one class.\nClasses:\n{lines}"
    if config.instructions:
        system += f"\n{config.instructions}"
    return [{"role": "system", "content": system}, {"role": "user", "content": config.text}]


def find_label(answer: str, classes: list[str]) -> str | None:
    """Return the class that an answer names, or None if it names none or several."""
    answer = strip_reasoning(answer)
    for found in find_objects(answer):
        for key in ("label", "class", "category"):
            if found.get(key) in classes:
                return str(found[key])
    normalized = answer.strip().strip("\"'`*.:# ").lower()
    if normalized in classes:
        return normalized
    for part in (answer, answer.partition("\n")[0]):
        words = set(re.findall(r"[a-z0-9_]+", part.lower()))
        named = [one for one in classes if one in words]
        if len(named) == 1:
            return named[0]
    return None
