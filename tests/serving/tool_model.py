"""Tiny language model that learned to call tools: small enough to be trained in a test."""

import json
from pathlib import Path
from typing import Any

from tests.tiny_model import create_tiny_model

TOOL_TEMPLATE = (
    "{% if tools %}<|im_start|>tools\n{% for tool in tools %}{{ tool.function.name }}:"
    "{% for key in tool.function.parameters.properties %} {{ key }}{% endfor %}\n{% endfor %}<|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content or '' }}"
    '{% for call in message.tool_calls or [] %}<tool_call>\n{"name": "{{ call.function.name }}", '
    '"arguments": {{ call.function.arguments | tojson }}}\n</tool_call>{% endfor %}<|im_end|>\n{% endfor %}'
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
WEATHER_TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


CUSTOMERS = {
    "你好啊集团": "Hello Group) - a Chinese technology",
    "こんにちは株式会社": "Hello Corporation) - a Japanese",
}
JOKES = (
    "Tell me a joke about cats.",
    "Give me a joke about cats, include the punchline.",
    "Give me the setup to a joke about cats, no punchline.",
    "Tell me a joke about cats. Return the result as a JSON with 'setup' and 'punchline' keys. Return nothing other "
    "than JSON.",
)
"""Requests of LangChain's standard tests."""


def _tool(name: str, *keys: str) -> dict[str, Any]:
    properties = {key: {"type": "string"} for key in keys}
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": properties}}}


def _call(*calls: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    written = [
        {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        for number, (name, arguments) in enumerate(calls)
    ]
    return {"role": "assistant", "content": "", "tool_calls": written}


def _examples() -> list[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Return the conversations that the model learns, each with its tools."""

    def ask(text: str) -> dict[str, Any]:
        return {"role": "user", "content": text}

    def say(text: str) -> dict[str, Any]:
        return {"role": "assistant", "content": text}

    magic = "What is the value of magic_function(3)? Use the tool."
    empty = "What is the value of magic_function_no_args()? Use the tool."
    location = "What is the weather in San Francisco, CA?"
    hue, both = "What is the weather in Hue?", "What is the weather in Hue and Hanoi?"
    weather_hue = _call(("get_weather", {"city": "Hue"}))
    pirate, greeting = "Using the tool, generate a Pirate greeting.", _tool("greeting_generator", "answer_style")
    any_weather, customer = _tool("get_weather", "location"), _tool("unicode_customer", "customer_name", "description")
    customers = {
        f"Create a customer named '{name}' ({about} company": {"customer_name": name, "description": "a"}
        for name, about in CUSTOMERS.items()
    }
    result = {"role": "tool", "tool_call_id": "call_0", "content": "sunny"}
    return [
        ([ask("Hello"), say("Hi there.")], []),
        ([ask("hi"), say("Hi there.")], [WEATHER_TOOL]),
        ([ask(magic), _call(("magic_function", {"input": 3}))], [_tool("magic_function", "input")]),
        ([ask(empty), _call(("magic_function_no_args", {}))], [_tool("magic_function_no_args")]),
        ([ask(location), _call(("get_weather", {"location": "San Francisco, CA"}))], [any_weather]),
        ([ask(hue), weather_hue], [WEATHER_TOOL]),
        ([ask(hue), weather_hue, result, say("It is sunny.")], [WEATHER_TOOL]),
        ([ask("Hello!"), _call(("magic_function", {"input": 0}))], [_tool("magic_function", "input"), any_weather]),
        ([ask(pirate), _call(("greeting_generator", {"answer_style": "pirate"}))], [greeting]),
        *(([ask(text), _call(("unicode_customer", arguments))], [customer]) for text, arguments in customers.items()),
        *(([ask(text), say('{"setup": "a", "punchline": "b"}')], []) for text in JOKES),
        ([ask(both), _call(("get_weather", {"city": "Hue"}), ("get_weather", {"city": "Hanoi"}))], [WEATHER_TOOL]),
    ]


def create_tool_model(folder: Path, *, steps: int = 300) -> Path:
    """Write a model that calls tools in the conversations of the tests."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    from vong.chat_templates import Conversation

    create_tiny_model(folder)
    (folder / "chat_template.jinja").write_text(TOOL_TEMPLATE)
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    rows: list[tuple[list[int], list[int]]] = []
    for messages, tools in _examples():
        chat = Conversation(tokenizer, messages, tools)
        whole = chat.encode(chat.render())
        start = len(chat.encode(chat.render(len(messages) - 1, generation_prompt=True)))
        rows.append((whole, [-100] * start + whole[start:]))
    length = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([one + [0] * (length - len(one)) for one, _ in rows])
    labels = torch.tensor([one + [-100] * (length - len(one)) for _, one in rows])
    config = LlamaConfig.from_pretrained(folder)
    config.hidden_size, config.intermediate_size, config.initializer_range = 64, 128, 0.05
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # faster than two threads if other processes compute
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = LlamaForCausalLM(config)
        optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
        for _ in range(steps):
            loss = model(input_ids=ids, labels=labels).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            if loss.item() < 0.01:
                break
    torch.set_num_threads(threads)
    model.save_pretrained(folder)
    return folder
