"""Defaults that a model of Ollama or a Modelfile brings along: fields of requests, context and chat template."""

from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from vong.errors import Unsupported
from vong.records import ModelVersion
from vong.registry.ollama_template import to_jinja
from vong.serving.settings import DeploymentSettings, RequestDefaults

PARAMETERS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "repeat_penalty": "repetition_penalty",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "seed": "seed",
    "stop": "stop",
    "num_predict": "max_tokens",
}
"""Parameters of Ollama and the fields of requests that they set."""
CONTEXT_PARAMETER = "num_ctx"


def with_model_defaults(model: ModelVersion, settings: DeploymentSettings) -> DeploymentSettings:
    """Return the settings with the defaults of a model for everything that they do not set."""
    recorded = model.metadata.get("ollama")
    if not isinstance(recorded, dict):
        return settings
    parameters: dict[str, Any] = recorded.get("parameters") or {}
    fields = {field: parameters[name] for name, field in PARAMETERS.items() if name in parameters}
    if isinstance(recorded.get("system"), str):
        fields["system"] = recorded["system"]
    defaults = RequestDefaults.model_validate({**_valid(fields), **settings.defaults.fields()})
    context = parameters.get(CONTEXT_PARAMETER)
    changes: dict[str, Any] = {"defaults": defaults}
    if not settings.context and isinstance(context, int) and context > 0:
        changes["context"] = context
    if recorded.get("template") and model.format == "gguf" and not settings.chat_template:
        with suppress(Unsupported):  # the import has reported the reason
            changes["chat_template"] = to_jinja(str(recorded["template"]))
    return settings.model_copy(update=changes)


def _valid(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that requests may have. Ollama has values with another meaning, such as num_predict -1."""
    valid: dict[str, Any] = {}
    for name, value in fields.items():
        value = [value] if name == "stop" and isinstance(value, str) else value
        try:
            RequestDefaults.model_validate({name: value})
        except ValidationError:
            continue
        valid[name] = value
    return valid
