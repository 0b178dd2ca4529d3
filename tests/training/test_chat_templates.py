import json
from typing import Any

import pytest

from tests.training.chat_families import FAMILIES, create_tokenizer, family_tokenizer
from vong.chat_templates import Conversation
from vong.errors import InvalidInput
from vong.records import Example, Message
from vong.serving.engine.transformers.chat_models import ChatModel
from vong.serving.engine.transformers.engine import TransformersEngine
from vong.training.rows.tokenization import IGNORED_LABEL, tokenize_answers, tokenize_example

CHATML = FAMILIES["chatml"].template


@pytest.fixture(scope="module", params=sorted(FAMILIES))
def family(request: pytest.FixtureRequest) -> tuple[str, Any]:
    return request.param, family_tokenizer(request.param)


def conversation(name: str, text: str) -> list[dict[str, Any]]:
    turns = [
        {"role": "user", "content": f"Say {text} now"},
        {"role": "assistant", "content": "Well"},
        {"role": "user", "content": f"{text}again{text}"},
    ]
    return [{"role": "system", "content": f"Be {text}"}, *turns] if FAMILIES[name].system else turns


def encode(tokenizer: Any, messages: list[dict[str, Any]], tools: Any = None) -> list[int]:
    chat = Conversation(tokenizer, messages, tools)
    return chat.encode(chat.render(generation_prompt=True))


def control_counts(tokenizer: Any, ids: list[int]) -> dict[int, int]:
    return {token: ids.count(token) for token in tokenizer.added_tokens_decoder}


def test_ordinary_messages_have_the_tokens_of_the_library(family: tuple[str, Any]) -> None:
    name, tokenizer = family
    messages = conversation(name, "café \U000f0000 [x] <y>")
    expected = tokenizer.apply_chat_template(messages, add_generation_prompt=True)["input_ids"]
    assert encode(tokenizer, messages) == expected


def test_control_tokens_in_messages_stay_text(family: tuple[str, Any]) -> None:
    name, tokenizer = family
    tokens = [
        *FAMILIES[name].special,
        *(token for token in FAMILIES[name].added if token not in ("<think>", "</think>")),
    ]
    for text in (*tokens, "".join(tokens), f"<{tokens[-1]}|", f"{tokens[-1][:3]}{tokens[-1]}{tokens[-1][3:]}"):
        harmless = encode(tokenizer, conversation(name, "~"))
        ids = encode(tokenizer, conversation(name, text))
        assert control_counts(tokenizer, ids) == control_counts(tokenizer, harmless), text
        assert tokenizer.decode(ids).count(text) - tokenizer.decode(harmless).count(text) >= 3
        assert tokenizer.decode(ids).replace(text, "~") == tokenizer.decode(harmless).replace(text, "~")


def test_control_tokens_in_completions_stay_text_and_are_trained(family: tuple[str, Any]) -> None:
    name, tokenizer = family
    end = FAMILIES[name].special[-1]
    messages = tuple(Message(**message) for message in conversation(name, "~"))
    row = tokenize_example(
        tokenizer, Example(messages=messages, completion=Message(role="assistant", content=f"a{end}b"))
    )
    learnt = [label for label in row.labels if label != IGNORED_LABEL]
    assert learnt[-1] == tokenizer.eos_token_id and tokenizer.eos_token_id not in learnt[:-1]
    assert tokenizer.decode(learnt[:-1]).strip().removesuffix("<|end|>") == f"a{end}b"
    assert row.ids[: -len(learnt)] == encode(tokenizer, conversation(name, "~"))


def test_the_engine_has_the_same_tokens(family: tuple[str, Any]) -> None:
    name, tokenizer = family
    engine = object.__new__(TransformersEngine)
    engine._chat_models = {None: ChatModel(tokenizer, len(tokenizer), set())}
    messages = conversation(name, FAMILIES[name].special[-1])
    assert engine.tokenize(None, messages) == encode(tokenizer, messages)


def test_tokens_that_a_model_writes_are_tokens_in_answers_only() -> None:
    tokenizer = family_tokenizer("deepseek")
    think = tokenizer.convert_tokens_to_ids("<think>")
    tokenizer.chat_template += "{# <think> #}"
    asked = [{"role": "user", "content": "<think>"}, {"role": "assistant", "content": "<think>a</think>b"}]
    assert encode(tokenizer, [*asked, {"role": "user", "content": "c"}]).count(think) == 1


def test_markers_in_json_and_in_methods_of_templates_are_removed() -> None:
    template = (
        "{% for m in messages %}<|im_start|>{{ m.content.split('|')[0] }}{{ m.content | tojson(ensure_ascii=true) }}"
        "{{ m.content | upper }}<|im_end|>{% endfor %}"
    )
    tokenizer = create_tokenizer(template, FAMILIES["chatml"].special)
    ids = encode(tokenizer, [{"role": "user", "content": "é<|im_end|>"}])
    assert tokenizer.decode(ids) == '<|im_start|>é<"\\u00e9<|im_end|>"É<|IM_END|><|im_end|>'
    assert ids.count(tokenizer.eos_token_id) == 1


def test_control_tokens_in_tools_and_arguments_stay_text() -> None:
    tokenizer = create_tokenizer("{{ tools | tojson }}" + FAMILIES["qwen"].template, *FAMILIES["qwen"][1:3])
    tools = [{"type": "function", "function": {"name": "f", "description": "<|im_end|></tool_call>"}}]
    messages = [{"role": "user", "content": "a"}, call_message({"x": "<|im_end|>"}), {"role": "tool", "content": "b"}]
    ids = encode(tokenizer, messages, tools)
    plain = encode(tokenizer, [messages[0], call_message({"x": "~"}), messages[2]], [{"type": "function"}])
    assert control_counts(tokenizer, ids) == control_counts(tokenizer, plain)


CALL_TEMPLATES = {
    "tojson": "{{ c.function.name }} {{ c.function.arguments | tojson }}",
    "items": "{{ c.function.name }}{% for k, v in c.function.arguments.items() %} <{{ k }}>{{ v }}{% endfor %}",
    "items filter": "{{ c.function.name }}{% for k, v in c.function.arguments | items %} <{{ k }}>{{ v }}{% endfor %}",
    "text": "{{ c.function.name + ' ' + c.function.arguments }}",
    "printed": "{{ c.function.name }} {{ c.function.arguments }}",
    "either": "{{ c.function.name }} {% if c.function.arguments is string %}{{ c.function.arguments }}{% else %}"
    "{{ c.function.arguments | tojson }}{% endif %}",
    "no content": "{% if m.content is defined %}{{ raise_exception('content') }}{% endif %}{{ c.function.name }} "
    "{{ c.function.arguments | tojson }}",
    "short id": "{% if c.id | length != 9 %}{{ raise_exception('9 letters') }}{% endif %}{{ c.function.name }} "
    "{{ c.function.arguments | tojson }}",
}


def call_message(arguments: Any) -> dict[str, Any]:
    call = {"id": "call_0", "type": "function", "function": {"name": "get_weather", "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


@pytest.mark.parametrize("kind", CALL_TEMPLATES)
@pytest.mark.parametrize("as_text", [True, False])
def test_tool_calls_have_the_form_that_the_template_expects(kind: str, as_text: bool) -> None:
    template = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{% for c in m.tool_calls or [] %}"
        + CALL_TEMPLATES[kind]
        + "{% else %}{{ m.content }}{% endfor %}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    tokenizer = create_tokenizer(template, FAMILIES["chatml"].special)
    arguments: Any = {"city": "Huế", "day": 2}
    answer = call_message(json.dumps(arguments, ensure_ascii=False) if as_text else arguments)
    example = Example(messages=(Message(role="user", content="Rain?"),), completion=Message(**answer))
    (row,) = tokenize_answers(tokenizer, example)
    expected = "get_weather <city>Huế <day>2" if "items" in kind else 'get_weather {"city": "Huế", "day": 2}'
    assert tokenizer.decode([one for one in row.labels if one != IGNORED_LABEL]) == f"{expected}<|im_end|>"
    served = encode(tokenizer, [{"role": "user", "content": "Rain?"}, answer, {"role": "tool", "content": "yes"}])
    assert expected in tokenizer.decode(served)


def test_arguments_that_are_no_object_stay_text() -> None:
    template = "{% for m in messages %}{{ m.role }}{% for c in m.tool_calls or [] %}{{ c.function.name }}"
    template += "{{ c.function.arguments if c.function.arguments is string else c.function.arguments | tojson }}"
    template += "{% endfor %}{% endfor %}"
    tokenizer = create_tokenizer(template, FAMILIES["chatml"].special)
    for arguments, expected in (("[1]", "[1]"), ('{"a":', '{"a":'), ("", "{}"), (None, "{}")):
        messages = [{"role": "user", "content": "a"}, call_message(arguments)]
        assert tokenizer.decode(encode(tokenizer, messages)) == f"userassistantget_weather{expected}"


def test_calls_that_the_template_omits_are_reported() -> None:
    tokenizer = family_tokenizer("granite")
    answer = Message(**call_message("{}"))
    example = Example(messages=(Message(role="user", content="Rain?"),), completion=answer)
    assert tokenize_answers(tokenizer, example) == []
    assert not Conversation(tokenizer, [call_message("{}")]).renders_calls


@pytest.mark.parametrize(
    ("name", "roles", "words"),
    [
        ("gemma", ("system", "user"), "System role not supported"),
        ("gemma", ("user", "user"), "roles must alternate"),
        ("mistral", ("user", "assistant", "tool"), "roles must alternate"),
        ("vicuna", ("user", "developer"), "has no attribute"),
        ("llama-2", ("assistant", "user"), "roles must alternate"),
    ],
)
def test_a_template_that_rejects_messages_is_explained(name: str, roles: tuple[str, ...], words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as raised:
        encode(family_tokenizer(name), [{"role": role, "content": "a"} for role in roles])
    assert ", ".join(roles) in raised.value.hint
