"""Dify applications without a graph: chat, completion and agent."""

from typing import Any

from vong.pipelines.definition import PipelineDefinition
from vong.pipelines.dify.agents import build_loop, read_tools
from vong.pipelines.dify.conversion import Conversion, start_input_schema
from vong.pipelines.dify.document import DifyNode
from vong.pipelines.dify.expressions import braces, convert_plain_text, quote
from vong.pipelines.dify.model_nodes import convert_model
from vong.pipelines.dify.report import as_dict, as_list

CONTEXT_PROMPT = "Answer with the help of these passages:\n{{ find.text }}\n\n"


def convert_chat_app(conversion: Conversion) -> PipelineDefinition:
    """Return a pipeline of one model call, after a retrieval if the application has data sets."""
    config, mode = conversion.document.model_config, conversion.document.mode
    _declare_form(conversion, config)
    is_chat = mode != "completion"
    query = conversion.input_for("sys", "query", {"type": "string"}) if is_chat else None
    steps: dict[str, Any] = {}
    has_context = _add_retrieval(conversion, config, steps, query)
    messages = _messages(conversion, config, has_context=has_context)
    model, settings, advice = convert_model(conversion, config.get("model"))
    answer: dict[str, Any] = {"kind": "prompt", "model": model, "messages": messages}
    if is_chat:
        history = conversion.input_for("sys", "history", {"type": "array", "default": []})
        messages.append({"role": "user", "content": braces(f"inputs.{query}")})
        answer["history"] = braces(f"inputs.{history}")
    elif not any(message["role"] == "user" for message in messages):
        messages[-1]["role"] = "user"
    if settings:
        answer["settings"] = settings
    tools, found = read_tools(as_dict(config.get("agent_mode")).get("tools")) if mode == "agent-chat" else ([], [])
    output = "{{ answer.text }}"
    if tools:
        steps["start"] = {"kind": "template", "value": messages}
        start = braces(f"start.value[:-1] + {answer['history'][3:-3]} + start.value[-1:]")
        iterations = as_dict(config.get("agent_mode")).get("max_iteration")
        answer = {"kind": "loop", **build_loop(answer, tools, start, iterations)}
        output = "{{ answer.state.text }}"
    steps["answer"] = answer
    advice += [*found, *_feature_advice(config)]
    node = DifyNode("model_config", mode, {}, conversion.document.name, None, (0, 0))
    conversion.report(node, "partial" if advice else "converted", advice, step="answer")
    return PipelineDefinition.model_validate(
        {
            **({"description": conversion.document.description} if conversion.document.description else {}),
            "inputs": conversion.inputs,
            "outputs": {"answer": output},
            "steps": steps,
            "layout": {name: (300.0 * number, 0.0) for number, name in enumerate(steps)},
        }
    )


def _declare_form(conversion: Conversion, config: dict[str, Any]) -> None:
    for entry in map(as_dict, as_list(config.get("user_input_form"))):
        for kind, values in entry.items():
            variable = as_dict(values)
            if variable.get("variable"):
                schema = start_input_schema({**variable, "type": kind})
                conversion.input_for("start", str(variable["variable"]), schema)


def _add_retrieval(conversion: Conversion, config: dict[str, Any], steps: dict[str, Any], query: str | None) -> bool:
    settings = as_dict(config.get("dataset_configs"))
    entries = as_list(as_dict(settings.get("datasets")).get("datasets"))
    ids = [str(as_dict(as_dict(one).get("dataset")).get("id")) for one in entries]
    if not ids:
        return False
    variable = str(config.get("dataset_query_variable") or "")
    question = query or conversion.input_names.get(("start", variable)) or next(iter(conversion.inputs), None)
    if question is None:
        conversion.note("the data sets of the application were left out, because it has no input to search with")
        return False
    chosen = next((conversion.options.bases[one] for one in ids if one in conversion.options.bases), None)
    base = chosen or conversion.options.bases.get("*") or "knowledge"
    top_k = settings.get("top_k")
    steps["find"] = {
        "kind": "retrieve",
        "base": base,
        "question": braces(f"inputs.{question}"),
        "limit": max(1, min(top_k, 50)) if isinstance(top_k, int) else 4,
    }
    advice = [] if base != "knowledge" else [f"the export contains no documents: vong knowledge upload {base} FILES"]
    node = DifyNode("datasets", "dataset", {}, "data sets", None, (0, 0))
    conversion.report(node, "partial" if advice else "converted", advice, step="find")
    return True


def _messages(conversion: Conversion, config: dict[str, Any], *, has_context: bool) -> list[dict[str, Any]]:
    """Return the messages before the question."""

    def resolve(name: str) -> str:
        if name == "query" and ("sys", "query") in conversion.input_names:
            return f"inputs.{conversion.input_names['sys', 'query']}"
        known = conversion.input_names.get(("start", name))
        if known is None:
            conversion.note(f"{{{{{name}}}}} names no input of the form: it was replaced by an empty text")
            return quote("")
        return f"inputs.{known}"

    if config.get("prompt_type") == "advanced":
        chat = as_list(as_dict(config.get("chat_prompt_config")).get("prompt"))
        text = as_dict(as_dict(config.get("completion_prompt_config")).get("prompt")).get("text")
        entries = [as_dict(one) for one in chat] or [{"role": "user", "text": text}]
    else:
        entries = [{"role": "system", "text": config.get("pre_prompt")}]
    found: list[dict[str, Any]] = []
    for entry in entries:
        text = str(entry.get("text") or "")
        for mark, value in (("{{#context#}}", "{{ find.text }}" if has_context else ""), ("{{#histories#}}", "")):
            text = text.replace(mark, f"\0{value}\0" if value else "")
        parts = text.split("\0")
        content = "".join(part if part == "{{ find.text }}" else convert_plain_text(part, resolve) for part in parts)
        if content.strip():
            found.append({"role": str(entry.get("role") or "user"), "content": content})
    if has_context and not any("{{ find.text }}" in one["content"] for one in found):
        found.insert(0, {"role": "system", "content": CONTEXT_PROMPT.strip()})
    if conversion.document.mode == "completion" and not found:
        found.append(
            {"role": "user", "content": "".join(f"{braces(f'inputs.{name}')}\n" for name in conversion.inputs)}
        )
    return found


def _feature_advice(config: dict[str, Any]) -> list[str]:
    advice: list[str] = []
    if as_dict(config.get("sensitive_word_avoidance")).get("enabled"):
        advice.append("the moderation was left out: add a guard step, or guards to the route")
    if as_list(config.get("external_data_tools")):
        advice.append("external data tools were left out: add an http step before the answer")
    if as_dict(as_dict(config.get("file_upload")).get("image")).get("enabled"):
        advice.append("images are not passed: add them to the message as parts of type image_url")
    return advice
