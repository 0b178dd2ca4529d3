"""Scorers of texts, tool calls, calls and JSON, and their specifications."""

import time
from pathlib import Path
from typing import Any

import pytest

from vong.errors import InvalidInput
from vong.evals import scoring
from vong.evals.scorers import Scorer, ScorerInput, mean_metric
from vong.evals.scorers.refusal import match_refusal
from vong.evals.scorers.tool_calls import render
from vong.json_schemas import PatternTimeout, SafeSchema
from vong.records import Message


def score(spec: Any, output: str, *references: str, **fields: Any) -> dict[str, float]:
    scored = ScorerInput(output=output, references=references, **fields)
    return {metric: one.value for metric, one in scoring.score_input(scoring.build_scorers([spec]), scored).items()}


def call(*calls: tuple[str, str]) -> Message:
    listed = [{"type": "function", "function": {"name": name, "arguments": text}} for name, text in calls]
    return Message(role="assistant", content=None, tool_calls=listed)


def score_calls(spec: str, message: Message, expected: Message, **fields: Any) -> dict[str, float]:
    fields |= {"message": message, "expected": expected}
    return score(spec, render(message), render(expected), **fields)


WEATHER = call(("get_weather", '{"city": "Hue", "days": 3}'))


@pytest.mark.parametrize(
    ("message", "exact", "share"),
    [
        (call(("get_weather", '{"days":3.0,"city":"Hue"}')), 1.0, 1.0),
        (call(("get_weather", '{"city":"Hue"}')), 0.0, 0.5),
        (call(("get_time", "{}")), 0.0, 0.0),
        (call(("get_weather", "{not JSON")), 0.0, 0.0),
        (Message(role="assistant", content=""), 0.0, 0.0),
        (Message(role="assistant", content="It rains."), 0.0, 0.0),
    ],
)
def test_answers_with_tool_calls_are_compared(message: Message, exact: float, share: float) -> None:
    assert score_calls("exact_match", message, WEATHER)["exact_match"] == exact
    found = score_calls("tool_call_match", message, WEATHER)
    assert (found["tool_call_match"], found["tool_call_match.arguments"]) == (exact, share)
    assert (score_calls("chrf", message, WEATHER)["chrf"] == 100) == bool(exact)
    assert score_calls("normalized_match", message, WEATHER)["normalized_match"] == exact


def test_parallel_calls_match_in_any_order_and_extra_calls_cost_credit() -> None:
    two, reverse = call(("a", '{"x":1}'), ("b", "{}")), call(("b", "{}"), ("a", '{"x":1}'))
    assert score_calls("tool_call_match", reverse, two)["tool_call_match"] == 1
    assert score_calls("exact_match", reverse, two)["exact_match"] == 1
    assert score_calls("tool_call_match:ordered=true", reverse, two)["tool_call_match"] == 0
    assert score_calls("tool_call_match", two, call(("a", '{"x":1}')))["tool_call_match.arguments"] == 0.5
    assert score_calls("tool_call_match:ignore=x", call(("a", '{"x":2}')), call(("a", '{"x":1}')))["tool_call_match"]
    more = call(("a", '{"x":1,"y":2}'))
    assert score_calls("tool_call_match:arguments=contain", more, call(("a", '{"x":1}')))["tool_call_match"] == 1
    tools = ({"type": "function", "function": {"name": "a", "parameters": {"required": ["z"]}}},)
    assert score_calls("tool_call_match", more, more, tools=tools)["tool_call_match.valid"] == 0
    older = Message.model_validate({"role": "assistant", "function_call": {"name": "a", "arguments": '{"x":1}'}})
    assert score_calls("tool_call_match", older, call(("a", '{"x":1}')))["tool_call_match"] == 1
    text = Message(role="assistant", content="no call is needed")
    assert score_calls("tool_call_match", text, text)["tool_call_match"] == 1


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:1/internal.json"},
        {"$ref": "file:///etc/passwd"},
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"properties": {"a": {"$ref": "#/$defs/missing"}}},
        {"properties": {"a": {"$dynamicRef": "other.json"}}},
        {"type": "shoe"},
        {"pattern": "("},
    ],
)
def test_schemas_that_cannot_be_used_are_refused_and_fetch_nothing(
    schema: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise AssertionError("the schema was fetched")

    monkeypatch.setattr("urllib.request.urlopen", fail)
    monkeypatch.setattr("socket.socket.connect", fail)
    with pytest.raises(InvalidInput, match=r"schema|regular expression"):
        scoring.build_scorers([{"name": "json_valid", "options": {"schema": schema}}])


def test_schemas_may_refer_to_themselves_and_to_published_schemas() -> None:
    tree = SafeSchema({"properties": {"next": {"$ref": "#"}, "v": {"type": "integer"}}})
    assert tree.is_valid({"next": {"next": {"v": 1}}})
    assert "next.v" in tree.find_error({"next": {"v": "1"}})
    meta = SafeSchema({"$ref": "https://json-schema.org/draft/2020-12/schema"})
    assert meta.is_valid({"type": "string"})
    assert not meta.is_valid({"type": 3})
    nested = SafeSchema(
        {"properties": {"a": {"$id": "http://x/y", "$defs": {"k": {"type": "null"}}, "$ref": "#/$defs/k"}}}
    )
    assert nested.is_valid({"a": None})
    assert SafeSchema({"properties": {"$ref": {"type": "string"}}}).is_valid({"$ref": "x"})
    with pytest.raises(PatternTimeout):
        SafeSchema({"patternProperties": {"^(a|a)*$": {}}}).is_valid({"a" * 40 + "!": 1})


@pytest.mark.parametrize(
    "spec",
    [
        {"name": "json_valid", "options": {"schema": {"pattern": "^(a|a)*$"}}},
        {"name": "regex", "options": {"pattern": "^(a|a)*$"}},
        {"name": "json_schema", "options": {"schema": {"propertyNames": {"pattern": "^(a|a)*$"}}}},
    ],
)
def test_slow_patterns_are_bounded_and_reported(spec: dict[str, Any]) -> None:
    text = f'"{"a" * 40}!"' if spec["name"] == "json_valid" else f'{{"{"a" * 40}!": 1}}'
    text = "a" * 40 + "!" if spec["name"] == "regex" else text
    scorers = scoring.build_scorers([spec])
    started = time.perf_counter()
    assert next(iter(scoring.score_input(scorers, ScorerInput(output=text)).values())).value == 0
    [warning] = scoring.collect_warnings(scorers, ScorerInput(output=text))
    assert "takes longer than 0.1 s" in warning
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    "text",
    [
        '```json {"a": 1} ```',
        '~~~json\n{"a": 1}\n~~~',
        '````\n{"a": 1}\n````',
        '```JSON\r\n{"a": 1}\r\n```\n',
        '``` {"a": 1}```',
        '{"a": 1}',
    ],
)
def test_fences_around_json_are_removed(text: str) -> None:
    assert score("json_valid:fenced=true", text)["json_valid"] == 1
    assert score("json_fields:fenced=true", text, '{"a": 1}')["json_fields"] == 1
    assert score("json_valid", text)["json_valid"] == (text[0] == "{")


def test_long_and_hostile_outputs_take_little_time() -> None:
    started = time.perf_counter()
    for text in ("```" * 100_000, "``` " * 50_000 + "x", "```json\n" + "`" * 100_000, "1," * 50_000, "- " * 50_000):
        for spec in ("json_valid:fenced=true", "set_f1", "numeric", "refusal", "toxic_words", "contains:texts=a"):
            score(spec, text, "1")
    many = call(("delete", "{}"), *[("noop", "{}")] * 5000, ("w", '{"c":1}'))
    assert score_calls("tool_call_match", many, call(("w", '{"c":1}')))["tool_call_match"] == 0
    words = "a b c d e f g h " * 100
    assert score("ter", words, words) == {}
    assert (
        "not scored"
        in scoring.collect_warnings(scoring.build_scorers(["ter"]), ScorerInput(output=words, references=(words,)))[0]
    )
    assert time.perf_counter() - started < 10


def test_json_values_are_compared_by_value() -> None:
    composed, decomposed = '{"tên": "Rémy"}', '{"tên": "Rémy"}'
    assert score("json_fields", decomposed, composed)["json_fields"] == 1
    assert score("exact_match:fields=tên", composed, composed)["exact_match"] == 1
    assert score("json_fields", '{"a": 1.0}', '{"a": 1}')["json_fields"] == 1
    assert score("json_fields", '{"a": true}', '{"a": 1}')["json_fields"] == 0
    digits = "1" * 5000
    assert score("json_valid", digits)["json_valid"] == 1
    assert score("json_fields", f'{{"a": {digits}}}', f'{{"a": {digits}}}')["json_fields"] == 1
    assert score("exact_match:fields=a", f'{{"a": {digits}}}', f'{{"a": {digits}2}}')["exact_match"] == 0
    assert score("json_valid", "1" * 200_000)["json_valid"] == 1


def test_specifications_with_semicolons_json_and_labels() -> None:
    assert score('json_valid:schema={"type":"string","pattern":"a;b"}', '"xa;bx"')["json_valid"] == 1
    assert score("regex:pattern=a;b=c;mode=full", "a;b=c") == {"regex": 1}
    assert score('{"name": "contains", "options": {"texts": ["a, b"]}}', "x a, b")["contains"] == 1
    both = scoring.build_scorers(["digits=regex:pattern=[0-9]", "regex:pattern=[a-z]", "again=bleu", "bleu"])
    values = scoring.score_output(both, "7", "7")
    assert (values["digits"].value, values["regex"].value) == (1, 0)
    assert {"again", "bleu"} <= scoring.compute_totals(both, [values]).keys()
    assert scoring.collect_signatures(both).keys() == {"digits", "regex", "again", "bleu"}
    with pytest.raises(InvalidInput, match="named twice"):
        scoring.build_scorers(["bleu", "bleu:lowercase=true"])
    with pytest.raises(InvalidInput, match="needs the option 'pattern'"):
        scoring.build_scorers(["regex"])
    with pytest.raises(InvalidInput, match="did you mean 'ignore_case'"):
        scoring.build_scorers(["exact_match:fields=a;ignor_case=true"])
    with pytest.raises(InvalidInput, match="not a JSON object"):
        scoring.build_scorers(["regex:{pattern}"])


def test_rouge_of_other_scripts() -> None:
    for text in ("退款需要五天", "สวัสดี", "привет мир", "năm mới"):
        assert score("rouge:tokenizer=unicode", text, text)["rougeL"] == 1
    assert score("rouge:tokenizer=unicode", "nam", "năm")["rouge1"] == 0
    scorers = scoring.build_scorers(["rouge", "u=rouge:tokenizer=unicode"])
    assert scorers[0].scorer.signature != scorers[1].scorer.signature
    warnings = scoring.collect_warnings(scorers, ScorerInput(output="x", references=("привет мир",)))
    assert warnings == ["rouge: the tokenizer drops most of the text; use rouge:tokenizer=unicode"]
    assert not scoring.collect_warnings(scorers, ScorerInput(output="x", references=("hello there",)))


@pytest.mark.parametrize(
    ("spec", "output", "reference", "value"),
    [
        ("numeric", "The answer is 1,234.50.", "1234.5", 1),
        ("numeric", "#### 72", "She has 72", 1),
        ("numeric", "3.14159", "3.14", 0),
        ("numeric:tolerance=0.01", "3.14159", "3.14", 1),
        ("numeric:relative=0.01", "101", "100", 1),
        ("numeric", "−5", "-5", 1),
        ("numeric:decimal=comma", "1.234,5", "1234,5", 1),
        ("numeric:pick=only", "about 5", "5", 0),
        ("numeric:pick=first", "5 of 6", "5", 1),
        ("numeric", "6.02e23", "602000000000000000000000", 1),
        ("numeric", "0.1", "0.10000000000000001", 0),
        ("numeric", "1" * 9000, "1" * 9000, 1),
        ("numeric", "none", "4", 0),
        ("numeric", "The values are (1,2,3).", "3", 1),
        ("numeric", "in 2020 100 people", "100", 1),
        ("numeric", "1,00,000 or 1\u202f234", "1234", 1),
        ("numeric", "The answer is 1/4.", "3/4", 0),
        ("numeric", r"so $\frac{3}{4}$", "0.75", 1),
        ("numeric", r"\boxed{1{,}234}, see step 3", "1234", 1),
        ("numeric", "6.02 × 10²³", "6.02e23", 1),
        ("numeric", "-$3 on 5/6/2024 of 1/0", "2024", 1),
        ("numeric:pick=first", "−$3", "-3", 1),
        ("numeric:pick=only", "$42.", "42", 1),
        ("numeric", "The answer is 25", "5", 0),
        ("exact_match:ignore_punctuation=true", "-5", "5", 0),
        ("exact_match:ignore_punctuation=true", "1.5!", "15", 0),
        ("exact_match:ignore_punctuation=true", "1,500, yes.", "1500 yes", 1),
        ("exact_match", "\ufeffyes\u200b", "yes", 1),
        ("contains:texts=5;words=true", "5.5 or 15", "", 0),
        ("contains:texts=C++;words=true", "I like C++.", "", 1),
        ("contains:texts=退款;words=true", "退款需要五天", "", 1),
        ("contains:texts=สวัสดี;words=true", "สวัสดีครับ", "", 1),
        ("set_f1", "香蕉、苹果", "苹果，香蕉", 1),
        ("set_f1", "[1, 2]", "[2.0, 1.0]", 1),
        ("contains", "The Answer is Hà Nội.", "Hà Nội", 1),
        ("contains:texts=a,b;mode=any", "xb", "", 1),
        ("contains:texts=cat;words=true", "concatenate", "", 0),
        ("contains:texts=cat;mode=none", "dog", "", 1),
        ("regex:pattern=answer is (\\w+);compare=true", "the answer is 7. No, the answer is 8", "8", 1),
        ("set_f1", "- a\n- b\n", "b; a", 1),
        ("set_f1", '["a", "c"]', "a, b", 0.5),
        ("exact_match:ignore_punctuation=true", "−5", "-5", 1),
        ("exact_match:ignore_punctuation=true", "12:30", "1230", 0),
        ("exact_match:ignore_punctuation=true", "1/2", "12", 0),
        ("exact_match:ignore_punctuation=true", "1,5", "15", 0),
        ("exact_match:ignore_punctuation=true", ".5", "5", 0),
        ("exact_match:ignore_punctuation=true", "-.5", "−.5!", 1),
        ("exact_match:ignore_punctuation=true", "5 – 7, see page-5", "5  7 see page5", 1),
        ("normalized_match:ignore_diacritics=true", "Đà Nẵng", "da nang", 1),
        ("normalized_match", "-5", "5", 0),
        ("normalized_match", "The answer: −5.", "answer -5", 1),
        ("normalized_match", "－５", "-5", 1),
        ("normalized_match", "-$5", "$5", 0),
        ("normalized_match", "$5.00", "5.00", 1),
        ("normalized_match", "1.5", "15", 0),
        ("normalized_match", "1,234,567 people", "1234567 people", 1),
        ("normalized_match", "12,34,567 rupees", "1234567 rupees", 1),
        ("normalized_match", "温度是-5度", "温度是5度", 0),
        ("normalized_match", "wait...5", "wait5", 1),
        ("normalized_match", "12:30", "1230", 0),
        ("normalized_match", "3/4", "34", 0),
        ("normalized_match", "5-6", "5–6", 1),
        ("normalized_match", "2020-21", "202021", 0),
        ("normalized_match:keep_numbers=false", "-5", "5", 1),
        ("token_f1", "-5", "5", 0),
        ("token_f1:keep_numbers=false", "-5", "5", 1),
        ("token_f1", "退款五天", "退款十天", 0.75),
    ],
)
def test_text_scorers(spec: str, output: str, reference: str, value: float) -> None:
    found = score(spec, output, reference)
    assert found[spec.partition(":")[0]] == pytest.approx(value)


def test_calls_are_measured() -> None:
    fields: dict[str, Any] = {"latency_ms": 200.0, "output_tokens": 20, "cost": 1500, "finish_reason": "stop"}
    assert score("latency:maximum_ms=100", "x", **fields) == {
        "latency": 200, "latency.tokens_per_second": 100, "latency.ok": 0
    }  # fmt: skip
    assert score("cost", "x", **fields) == {"cost": 0.0015}
    assert score("length:unit=tokens;maximum=10", "x", **fields) == {"length": 20, "length.ok": 0}
    assert score("length", "xin chào", "xin chào bạn nhé") == {"length": 2, "length.ratio": 0.5}
    assert score("cost", "x") == score("latency", "x") == {}


def test_refusals_languages_and_toxic_words() -> None:
    for text in ("I'm sorry, but I can't help.", "Xin lỗi, tôi không thể giúp việc này.", "I’m unable to do it."):
        assert match_refusal(text)
    for text in ("I can't believe it!", "Sorry for the delay, here it is.", "Không thể tin được"):
        assert not match_refusal(text)
    refused = Message.model_validate({"role": "assistant", "content": None, "refusal": "no"})
    assert score("refusal", "", message=refused)["refusal"] == 1
    assert score("refusal", "", finish_reason="content_filter")["refusal"] == 1
    assert score("language:expected=vi", "Máy in của tôi không hoạt động nữa") == {"language": 1}
    assert score("language", "My printer does not work at all", "Máy in của tôi không hoạt động") == {"language": 0}
    assert score("toxic_words", "Bullshit happens", "")["toxic_words"] == 1
    assert score("toxic_words", "Scunthorpe is a town", "")["toxic_words"] == 0
    assert score("toxic_words:words=foo bar", "a FOO  bar", "")["toxic_words.count"] == 1
    with pytest.raises(InvalidInput, match="no list for 'xx'"):
        scoring.build_scorers(["toxic_words:languages=xx"])


def test_own_functions_come_from_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VONG_HOME", str(tmp_path))
    with pytest.raises(InvalidInput, match=r"no scorers\.py"):
        scoring.build_scorers(["python_function:function=shout"])
    source = "def shout(output, reference):\n    return output == reference.upper()\n\n"
    source += "def parts(scored):\n    return {'a': len(scored.output), 'b': 0.5}\n\n\ndef broken(scored):\n    1 / 0\n"
    (tmp_path / "scorers.py").write_text(source, encoding="utf-8")
    assert score("python_function:function=shout", "HI", "hi") == {"python_function.shout": 1}
    assert score("p=python_function:function=parts", "HI") == {"p.parts.a": 2, "p.parts.b": 0.5}
    with pytest.raises(InvalidInput, match="ZeroDivisionError"):
        score("python_function:function=broken", "x")
    with pytest.raises(InvalidInput, match="no function 'shou'"):
        scoring.build_scorers(["python_function:function=shou"])


def test_values_that_are_not_finite_count_as_not_scored() -> None:
    broken = Scorer("broken", lambda *_: {"broken": mean_metric(float("nan")), "other": mean_metric(1)})
    configured = scoring.ConfiguredScorer("exact_match", broken)
    assert scoring.score_input([configured], ScorerInput(references=("a",))).keys() == {"other"}


@pytest.mark.parametrize("spec", ["bleu", "ter", "rouge"])
@pytest.mark.parametrize(("text", "warned"), [("退款需要五天", True), ("สวัสดี", True), ("a plain text", False)])
def test_scorers_warn_of_texts_that_their_tokenizer_does_not_divide(spec: str, text: str, warned: bool) -> None:
    found = scoring.collect_warnings(scoring.build_scorers([spec]), ScorerInput(output=text, references=(text,)))
    assert bool(found) == warned
