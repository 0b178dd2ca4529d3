"""Nodes of Dify that call no model: code, HTTP, tools, templates, documents, lists, knowledge."""

from typing import Any

from vong.pipelines.definition import JsonSchema
from vong.pipelines.dify.conversion import Conversion, StepDraft
from vong.pipelines.dify.document import DifyNode
from vong.pipelines.dify.expressions import braces, convert_text, quote
from vong.pipelines.dify.model_nodes import with_variables
from vong.pipelines.dify.names import to_identifier
from vong.pipelines.dify.python_code import call_main, failing_code, find_obstacle
from vong.pipelines.dify.report import as_dict, as_list
from vong.pipelines.dify.resolution import Resolver

CODE_TYPES: dict[str, JsonSchema] = {
    "string": {"type": "string"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "object": {"type": "object"},
}
READER_TOOLS = {"jina_reader": "https://r.jina.ai/", "webscraper": "", "scrape": "", "single_crawl": ""}
"""Tools that read a page, with the prefix of the URL."""


def placeholder(conversion: Conversion, node: DifyNode, reason: str, advice: str) -> StepDraft:
    """Return a step that fails with the advice until it is replaced."""
    conversion.placeholders.add(node.id)
    message = f"replace this step, which was the {node.type} node {node.title!r} in Dify: {advice}"
    return StepDraft("python", {"code": failing_code(message)}, "replaced", [f"{reason}: {advice}"])


def convert_code(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return a Python step, or a placeholder if the sandbox cannot run the code."""
    code, language = str(node.data.get("code") or ""), str(node.data.get("code_language") or "python3")
    if language != "python3":
        return placeholder(conversion, node, f"steps run no {language}", "write the code in Python")
    obstacle = find_obstacle(code)
    if obstacle is not None:
        return placeholder(
            conversion, node, obstacle, "use an http step for requests, or a call step with a Python file of the server"
        )
    inputs = {
        str(one["variable"]): braces(resolve(as_list(one.get("value_selector"))))
        for one in map(as_dict, as_list(node.data.get("variables")))
        if one.get("variable")
    }
    outputs = {name: _code_type(one) for name, one in as_dict(node.data.get("outputs")).items()}
    settings: dict[str, Any] = {"code": call_main(code, list(inputs)), "inputs": inputs}
    return StepDraft("python", {**settings, **({"outputs": outputs} if outputs else {})})


def _code_type(declared: Any) -> JsonSchema:
    kind = str(as_dict(declared).get("type") or "")
    if kind.startswith("array"):
        inner = kind.partition("[")[2].rstrip("]")
        return {"type": "array", "items": dict(CODE_TYPES.get(inner, {}))}
    return dict(CODE_TYPES.get(kind, {}))


def convert_template(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return a template. Its variables are set before its text."""
    del conversion
    variables = [as_dict(one) for one in as_list(node.data.get("variables"))]
    return StepDraft("template", {"text": with_variables(str(node.data.get("template") or ""), variables, resolve)})


def convert_knowledge(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return a retrieval. The export names data sets by ids only."""
    ids = [str(one) for name in ("dataset_ids", "control_space_ids") for one in as_list(node.data.get(name))]
    bases = conversion.options.bases
    chosen = next((bases[one] for one in ids if one in bases), bases.get("*"))
    base = chosen or to_identifier(node.title, "knowledge").replace("_", "-")
    single, several = as_dict(node.data.get("single_retrieval_config")), node.data.get("multiple_retrieval_config")
    config = as_dict(several) or single
    settings: dict[str, Any] = {
        "base": base,
        "question": braces(resolve(as_list(node.data.get("query_variable_selector")))),
    }
    limit = config.get("top_k") or node.data.get("top_n")
    if isinstance(limit, int):
        settings["limit"] = max(1, min(limit, 50))
    threshold = config.get("score_threshold")
    advice = [] if chosen else [f"the export contains no documents: vong knowledge upload {base} FILES"]
    if isinstance(threshold, int | float) and config.get("score_threshold_enabled", True):
        advice.append(f"the threshold {threshold} was left out, because scores differ: set min_score after a test")
    if len(ids) > 1 and not chosen:
        advice.append(f"the node searched {len(ids)} data sets: put their documents into one base")
    if node.data.get("metadata_filtering_mode") not in (None, "disabled") or node.data.get("metadata_filters"):
        advice.append("the filter on metadata was left out: set `filters`")
    return StepDraft("retrieve", settings, "converted" if chosen else "partial", advice)


def convert_document(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return the texts of files, which runs receive as objects with a text."""
    del conversion
    files = resolve(as_list(node.data.get("variable_selector")))
    part = f"{files} | map(attribute='text') | list" if node.data.get("is_array_file") else f"{files}.text"
    advice = "runs receive files as objects with the field `text`: pass the text of the document"
    return StepDraft("template", {"value": braces(part)}, "partial", [advice])


def convert_list(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return a filtered, sorted and shortened list."""
    del conversion
    expression = resolve(as_list(node.data.get("variable")))
    advice: list[str] = []
    filters, order, limit = (as_dict(node.data.get(name)) for name in ("filter_by", "order_by", "limit"))
    if filters.get("enabled"):
        for condition in map(as_dict, as_list(filters.get("conditions"))):
            test = _list_test(condition)
            expression += test or ""
            advice += [] if test else [f"a condition on {condition.get('key') or 'the items'} was left out"]
    if order.get("enabled"):
        by = f"attribute={quote(order['key'])}, " if order.get("key") else ""
        expression += f" | sort({by}reverse={'true' if order.get('value') == 'desc' else 'false'})"
    extract = as_dict(node.data.get("extract_by"))
    if limit.get("enabled") and isinstance(limit.get("size"), int):
        expression = f"({expression} | list)[:{limit['size']}]"
    elif extract.get("enabled"):
        position = int(str(extract.get("serial") or "1")) - 1 if str(extract.get("serial") or "1").isdigit() else 0
        expression = f"({expression} | list)[{position}:{position + 1}]"
    else:
        expression += " | list"
    return StepDraft("template", {"value": braces(expression)}, "partial" if advice else "converted", advice)


LIST_FILTERS = {
    "in": "in",
    "not in": "in",
    "is": "eq",
    "is not": "ne",
    "=": "eq",
    "≠": "ne",
    ">": "gt",
    "<": "lt",
    "≥": "ge",
    "≤": "le",
}


def _list_test(condition: dict[str, Any]) -> str | None:
    operator, value, key = str(condition.get("comparison_operator")), condition.get("value"), condition.get("key")
    test = LIST_FILTERS.get(operator)
    if test is None or (isinstance(value, str) and "{{#" in value):
        return None
    verb = "reject" if operator == "not in" else "select"
    return (
        f" | {verb}attr({quote(str(key))}, '{test}', {quote(value)})" if key else f" | {verb}('{test}', {quote(value)})"
    )


def convert_tool(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return a call of an MCP tool, a page reader or another pipeline, or a placeholder for other tools."""
    tool, kind = str(node.data.get("tool_name") or ""), str(node.data.get("provider_type") or "")
    arguments = {name: tool_argument(one, resolve) for name, one in as_dict(node.data.get("tool_parameters")).items()}
    arguments = {name: value for name, value in arguments.items() if value is not None}
    provider = str(node.data.get("provider_name") or node.data.get("provider_id") or "").split("/")[-1]
    if kind == "mcp":
        server = f"https://{to_identifier(provider, 'server').replace('_', '-')}.example/mcp"
        advice = [f"set `server` to the URL of the MCP server {provider!r}, and `secret_headers` if it needs a key"]
        return StepDraft("mcp", {"server": server, "tool": tool, "arguments": arguments}, "partial", advice)
    if kind == "workflow":
        name = to_identifier(tool, "workflow").replace("_", "-")
        advice = [
            f"import the workflow {provider or tool!r} of Dify, too: vong pipelines import-dify FILE --name {name}"
        ]
        return StepDraft("pipeline", {"pipeline": name, "inputs": arguments}, "partial", advice)
    if tool in READER_TOOLS and isinstance(arguments.get("url"), str):
        advice = [] if READER_TOOLS[tool] else ["the page is returned as HTML, not as its text"]
        status = "partial" if advice else "converted"
        return StepDraft("http", {"url": READER_TOOLS[tool] + arguments["url"]}, status, advice)
    return placeholder(
        conversion,
        node,
        f"the tool {provider}/{tool} is a plugin of Dify",
        "call its API with an http step, or a server that offers it with an mcp step",
    )


def tool_argument(parameter: Any, resolve: Resolver) -> Any:
    """Return an argument of a tool: a constant, a variable, or a text with variables."""
    values = as_dict(parameter)
    if not values:
        return parameter
    value = values.get("value")
    if values.get("type") == "variable":
        return braces(resolve([str(part) for part in as_list(value)]))
    return convert_text(value, resolve) if isinstance(value, str) else value
