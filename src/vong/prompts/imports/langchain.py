"""Prompts of LangChain and LangSmith, as `langchain_core.load.dumpd` writes them."""

from collections.abc import Mapping
from string import Formatter
from typing import Any

from vong.errors import InvalidInput
from vong.prompts.imports.result import ImportedPrompt, TemplateBuilder, escape_literal, join_literals
from vong.text_templates import find_variables

ROLES = {
    "SystemMessage": "system",
    "HumanMessage": "user",
    "AIMessage": "assistant",
    "ToolMessage": "tool",
}
MUSTACHE_TAGS = ("{{#", "{{^", "{{/", "{{>")


def from_langchain(document: Mapping[str, Any]) -> ImportedPrompt:
    """Return the template of a prompt template, or of a sequence of a prompt and a model.

    Raises: InvalidInput if a part has no counterpart.
    """
    builder = TemplateBuilder()
    root = document.get("manifest", document)
    kind, values = _read(root)
    if kind == "RunnableSequence":
        _add_model(builder, values.get("last"))
        kind, values = _read(values.get("first"))
    if kind == "PromptTemplate":
        builder.message("user", _text(builder, values), convert=str)
    elif kind in ("ChatPromptTemplate", "StructuredPrompt"):
        for message in values.get("messages", ()):
            _add_message(builder, message)
        if isinstance(values.get("schema_"), dict):
            builder.fields["output_schema"] = values["schema_"]
    else:
        raise InvalidInput(f"{kind!r} is no prompt template", "pass a PromptTemplate or ChatPromptTemplate")
    for name, value in (values.get("partial_variables") or {}).items():
        if name in builder.variables and isinstance(value, str | int | float | bool):
            builder.variables[name] = {"default": value}
    return builder.finish("LangChain")


def _read(node: Any) -> tuple[str, dict[str, Any]]:
    """Return the class and the arguments of a written object.

    Raises: InvalidInput if it is none.
    """
    if not isinstance(node, dict) or not isinstance(node.get("id"), list) or not node["id"]:
        raise InvalidInput("the document is no object of LangChain", "write it with langchain_core.load.dumps")
    return str(node["id"][-1]), node.get("kwargs") or {}


def _add_message(builder: TemplateBuilder, node: Any) -> None:
    if isinstance(node, list) and len(node) == 2:  # ["system", "text"]
        builder.message(node[0], node[1], convert=lambda text: _from_f_string(builder, text))
        return
    kind, values = _read(node)
    if kind == "MessagesPlaceholder":
        builder.placeholder(str(values.get("variable_name", "")), optional=bool(values.get("optional")))
        return
    if kind in ROLES or kind == "ChatMessage":
        builder.message(values.get("role", ROLES.get(kind)), values.get("content"), convert=escape_literal)
        return
    role = values.get("role") or ROLES.get(kind.removesuffix("PromptTemplate"))
    if role is None or "prompt" not in values:
        raise InvalidInput(f"messages of the class {kind!r} are not supported", "use chat message templates")
    prompt = values["prompt"]
    if isinstance(prompt, list):
        content: Any = [_content_part(builder, part) for part in prompt]
    else:
        content = _text(builder, _read(prompt)[1])
    builder.message(role, content, convert=str)


def _content_part(builder: TemplateBuilder, node: Any) -> dict[str, Any]:
    kind, values = _read(node)
    if kind == "ImagePromptTemplate":
        template = values.get("template") or {}
        url = template.get("url", "") if isinstance(template, dict) else ""
        return {"type": "image_url", "image_url": {"url": _convert(builder, url, values.get("template_format"))}}
    return {"type": "text", "text": _text(builder, values)}


def _text(builder: TemplateBuilder, values: Mapping[str, Any]) -> str:
    template = values.get("template")
    if not isinstance(template, str):
        raise InvalidInput("a prompt template has no text", "export it with langchain_core.load.dumps")
    return _convert(builder, template, values.get("template_format"))


def _convert(builder: TemplateBuilder, text: str, format: Any) -> str:
    if format == "jinja2":
        for name in sorted(find_variables(text)):
            builder.variable(name)
        return text
    if format == "mustache":
        used = next((tag for tag in MUSTACHE_TAGS if tag in text), None)
        if used is not None:
            message = f"a template uses a section of Mustache ({used})"
            raise InvalidInput(message, "write it as {% if %} or {% for %} and import it with template_format jinja2")
        return builder.double_braces(text.replace("{{{", "{{").replace("}}}", "}}").replace("{{&", "{{"))
    return _from_f_string(builder, text)


def _from_f_string(builder: TemplateBuilder, text: str) -> str:
    """Return a template from a text whose variables are written `{name}`, and braces as `{{`."""
    parts = [""]
    try:
        for literal, name, format_spec, conversion in Formatter().parse(text):
            parts[-1] += literal
            if name is None:
                continue
            if format_spec or conversion or not name.isidentifier():
                raise InvalidInput(f"the variable {name!r} has a format or an index", "write {name} only")
            parts += [builder.variable(name), ""]
    except ValueError as error:
        raise InvalidInput(
            f"a template is not a valid f-string: {error}", "write literal braces as {{ and }}"
        ) from None
    return join_literals(parts)


def _add_model(builder: TemplateBuilder, node: Any) -> None:
    """Take over the settings of the model of a sequence."""
    if not isinstance(node, dict):
        return
    kind, values = _read(node)
    if kind == "RunnableBinding":
        builder.add_settings(values.get("kwargs") or {}, where="model")
        _add_model(builder, values.get("bound"))
        return
    plain = {name: value for name, value in values.items() if not isinstance(value, dict)}
    builder.add_settings(plain, where="model")
