"""Nodes of Dify that call models: LLM, agent, question classifier, parameter extractor."""

from typing import Any

from vong.pipelines.definition import JsonSchema
from vong.pipelines.dify.agents import build_loop, read_tools
from vong.pipelines.dify.conversion import Conversion, StepDraft, agent_server, agent_values, class_names
from vong.pipelines.dify.document import DifyNode
from vong.pipelines.dify.expressions import braces, convert_text, split_selector
from vong.pipelines.dify.report import as_dict, as_list
from vong.pipelines.dify.resolution import Resolver

REQUEST_FIELDS = frozenset(
    {"temperature", "top_p", "max_tokens", "presence_penalty", "frequency_penalty", "seed", "stop", "logit_bias"}
)
PARAMETER_TYPES: dict[str, JsonSchema] = {
    "string": {"type": "string"},
    "select": {"type": "string"},
    "number": {"type": "number"},
    "bool": {"type": "boolean"},
    "boolean": {"type": "boolean"},
    "object": {"type": "object"},
}
VENDOR_NAMES = {"azure_openai": "azure", "google": "gemini", "openai_api_compatible": "openai"}


def convert_model(conversion: Conversion, values: Any) -> tuple[str, dict[str, Any], list[str]]:
    """Return the model and the settings of the requests, with advice."""
    model = as_dict(values)
    name = str(model.get("name") or model.get("model") or "")
    provider = str(model.get("provider") or "").strip("/").split("/")[-1]
    full = "/".join(part for part in (VENDOR_NAMES.get(provider, provider), name) if part) or "model"
    options = conversion.options
    chosen = options.models.get(full) or options.models.get(name) or options.model
    advice = [] if chosen else [f"set up the model {full!r}, or choose another one: --model NAME"]
    parameters = as_dict(model.get("completion_params"))
    settings = {key: value for key, value in parameters.items() if key in REQUEST_FIELDS and value is not None}
    if parameters.get("response_format") in ("json_object", "JSON", "json"):
        settings["response_format"] = {"type": "json_object"}
    unknown = sorted(set(parameters) - REQUEST_FIELDS - {"response_format"})
    if unknown:
        advice.append(f"settings of the model that were left out: {', '.join(unknown)}")
    return chosen or full, settings, advice


def convert_llm(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return a model call."""
    model, settings, advice = convert_model(conversion, node.data.get("model"))
    texts = MessageTexts(node, resolve)
    messages = texts.messages()
    draft = StepDraft("prompt", {"model": model, "messages": messages, "settings": settings}, advice=advice)
    memory = as_dict(node.data.get("memory"))
    if memory and conversion.document.mode == "advanced-chat":
        _add_memory(conversion, draft, memory, texts)
    if not messages:
        messages.append({"role": "user", "content": ""})
        draft.advice.append("the node has no prompt: write one")
    if as_dict(node.data.get("vision")).get("enabled"):
        draft.advice.append("images are not passed: add them to the message as parts of type image_url")
    schema = as_dict(as_dict(node.data.get("structured_output")).get("schema"))
    if node.data.get("structured_output_enabled") and schema:
        draft.settings["output_schema"] = schema
    if not settings:
        del draft.settings["settings"]
    return draft


def _add_memory(conversion: Conversion, draft: StepDraft, memory: dict[str, Any], texts: "MessageTexts") -> None:
    """Insert the earlier messages of the conversation before the question."""
    history = conversion.input_for("sys", "history", {"type": "array", "default": []})
    window = as_dict(memory.get("window"))
    size = window.get("size") if window.get("enabled") else None
    part = f"[-{2 * int(size)}:]" if isinstance(size, int | float) and size >= 1 else ""
    question = memory.get("query_prompt_template") or "{{#sys.query#}}"
    draft.settings["messages"].append({"role": "user", "content": texts.convert(question)})
    draft.settings["history"] = braces(f"inputs.{history}{part}")


class MessageTexts:
    """Messages of an LLM node."""

    def __init__(self, node: DifyNode, resolve: Resolver) -> None:
        self._node = node
        self._resolve = resolve
        config = as_dict(node.data.get("prompt_config"))
        self._jinja_variables = [as_dict(one) for one in as_list(config.get("jinja2_variables"))]

    def messages(self) -> list[dict[str, Any]]:
        """Return the messages. A completion prompt is one message of the user."""
        template = self._node.data.get("prompt_template")
        entries = template if isinstance(template, list) else [template]
        found: list[dict[str, Any]] = []
        for entry in map(as_dict, entries):
            text = self._text(entry)
            if text.strip():
                found.append({"role": str(entry.get("role") or "user"), "content": text})
        return found

    def convert(self, text: Any) -> str:
        """Return a text with selectors as a template."""
        return convert_text(text, self._find)

    def _text(self, entry: dict[str, Any]) -> str:
        if entry.get("edition_type") == "jinja2" and entry.get("jinja2_text"):
            return with_variables(str(entry["jinja2_text"]), self._jinja_variables, self._resolve)
        return self.convert(entry.get("text"))

    def _find(self, selector: Any) -> str:
        if list(selector) == ["context"]:
            return self._context()
        return self._resolve(selector)

    def _context(self) -> str:
        selector = [str(part) for part in as_list(as_dict(self._node.data.get("context")).get("variable_selector"))]
        source = self._resolve.conversion.document.nodes.get(selector[0]) if selector else None
        if source is not None and source.type in RETRIEVAL_TYPES and selector[1:] == ["result"]:
            return self._resolve([source.id, "__text"])
        return self._resolve(selector)


def with_variables(text: str, variables: list[dict[str, Any]], resolve: Resolver) -> str:
    """Return a template of Jinja with its variables set before it."""
    lines = [
        f"{{% set {one['variable']} = {resolve([str(part) for part in as_list(one.get('value_selector'))])} %}}"
        for one in variables
        if str(one.get("variable") or "").isidentifier() and as_list(one.get("value_selector"))
    ]
    return "".join([*lines, text])


def convert_classifier(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return a classification, whose classes are ports."""
    model, settings, advice = convert_model(conversion, node.data.get("model"))
    names = class_names(node)
    texts = {str(one.get("id")): str(one.get("name") or "") for one in map(as_dict, as_list(node.data.get("classes")))}
    classes = {name: texts[key] for key, name in names.items()}
    if len(classes) < 2:
        classes["other"] = "anything else"
    draft = StepDraft(
        "classify",
        {
            "model": model,
            "text": braces(resolve(as_list(node.data.get("query_variable_selector")))),
            "classes": classes,
        },
        advice=advice,
    )
    instruction = node.data.get("instruction") or node.data.get("instructions")
    if instruction:
        draft.settings["instructions"] = convert_text(instruction, resolve)
    return _with_settings(draft, settings)


def convert_extractor(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return an extraction of parameters."""
    model, settings, advice = convert_model(conversion, node.data.get("model"))
    properties: dict[str, JsonSchema] = {}
    required: list[str] = []
    for one in map(as_dict, as_list(node.data.get("parameters"))):
        properties[str(one.get("name"))] = _parameter_schema(one)
        required += [str(one.get("name"))] if one.get("required") else []
    schema: JsonSchema = {"type": "object", "properties": properties, "required": required or list(properties)}
    draft = StepDraft(
        "extract",
        {"model": model, "text": braces(resolve(as_list(node.data.get("query")))), "output_schema": schema},
        advice=advice,
    )
    if node.data.get("instruction"):
        draft.settings["instructions"] = convert_text(node.data["instruction"], resolve)
    return _with_settings(draft, settings)


def _parameter_schema(parameter: dict[str, Any]) -> JsonSchema:
    kind = str(parameter.get("type") or "string")
    inner = kind.partition("[")[2].rstrip("]")
    is_list = kind.startswith("array")
    schema: JsonSchema = (
        {"type": "array", "items": dict(PARAMETER_TYPES.get(inner, {}))}
        if is_list
        else dict(PARAMETER_TYPES.get(kind, {"type": "string"}))
    )
    options = [str(one) for one in as_list(parameter.get("options")) if one not in (None, "")]
    if options and not is_list:
        schema["enum"] = options
    if parameter.get("description"):
        schema["description"] = str(parameter["description"])
    return schema


def _with_settings(draft: StepDraft, settings: dict[str, Any]) -> StepDraft:
    settings = {name: value for name, value in settings.items() if name != "response_format"}
    if settings:
        draft.settings["settings"] = settings
    return draft


def convert_agent(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return a loop in which the model calls the tools of an agent, or one call if it has none."""
    values = agent_values(node)
    model, settings, advice = convert_model(conversion, values.get("model"))
    messages = [
        {"role": role, "content": _agent_text(values.get(field), resolve)}
        for role, field in (("system", "instruction"), ("user", "query"))
        if values.get(field)
    ]
    messages = messages or [{"role": "user", "content": ""}]
    call: dict[str, Any] = {"model": model, **({"settings": settings} if settings else {})}
    tools, found = read_tools(values.get("tools"), agent_server(values))
    strategy = str(node.data.get("agent_strategy_name") or "agent")
    if strategy.lower() not in FUNCTION_CALLING:
        advice.append(f"the strategy {strategy!r} calls tools like function calling does now: check its instruction")
    server = agent_server(values)
    if server is not None and not any(one.step["kind"] == "mcp" for one in tools):
        hint = "list them with a step `mcp` without `tool`, and add a step for each"
        advice.append(f"the agent also called the tools of the MCP server {server}: {hint}")
    if not tools:
        advice.append("the agent has no tool that could be read: add tools to the step")
        return StepDraft("prompt", {**call, "messages": messages}, "partial", advice)
    loop = build_loop(call, tools, messages, values.get("maximum_iterations"))
    return StepDraft("loop", loop, "partial", [*advice, *found])


RETRIEVAL_TYPES = frozenset({"knowledge-retrieval", "knowledge-retrieval-v2"})
FUNCTION_CALLING = frozenset({"function_calling", "mcp_sse_function_calling", "agent"})


def _agent_text(value: Any, resolve: Resolver) -> str:
    if isinstance(value, list):
        return braces(resolve([str(part) for part in value]))
    return convert_text(value, lambda selector: resolve(split_selector(".".join(selector))))
