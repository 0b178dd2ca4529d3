"""Export and import of every shape in every kind of file."""

import io
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data import factories
from vong.data.exporter import ExportKind, choose_kind, export_examples
from vong.data.importer import Importer
from vong.errors import InvalidInput
from vong.records import Example, Message

KINDS: tuple[ExportKind, ...] = get_args(ExportKind)
texts = st.one_of(
    factories.texts,
    st.sampled_from(
        ["[1, 2]", '{"a": 1}', '[{"a": 1}]', "[]", "null", " padded ", "a,b;c\td|e", 'say "hi"', "two\nlines", "x\r\ny"]
    ),
    st.sampled_from(
        ["", "true", "0", "Human: a\n\nAssistant: b", "### Human: a\n### Assistant: b", "sep=;", "\ufeffx"]
    ),
)
answers = st.builds(factories.assistant, texts)
CALL = {"id": "1", "type": "function", "function": {"name": "find", "arguments": '{"a": "é"}'}}
TOOLS = ({"type": "function", "function": {"name": "find", "parameters": {"type": "object", "properties": {}}}},)
called = (
    factories.user("where is it"),
    Message(role="assistant", tool_calls=[CALL]),
    Message(role="tool", content="in the box", tool_call_id="1"),
)
parts = Message(
    role="user",
    content=[{"type": "text", "text": "what is this"}, {"type": "image_url", "image_url": {"url": "https://e.org/a"}}],
)


@st.composite
def prompts(draw: st.DrawFn) -> tuple[Message, ...]:
    messages = draw(factories.conversations())
    return draw(st.sampled_from([messages, (*messages[:-1], factories.user(draw(texts))), called, (parts,)]))


@st.composite
def shapes(draw: st.DrawFn, *, completion: bool | None = None, rejected: bool | None = None) -> Example:
    """Draw an Example with or without each completion; None draws that too."""
    completion = draw(st.booleans()) if completion is None else completion
    rejected = draw(st.booleans()) if rejected is None else rejected
    messages = draw(prompts())
    if completion and draw(st.booleans()):
        messages = (*messages, factories.assistant("an earlier answer"))
    return Example(
        messages=messages,
        completion=draw(answers) if completion else None,
        rejected=draw(answers) if rejected else None,
        tools=draw(st.sampled_from([None, TOOLS])),
        metadata=draw(factories.metadatas),
        weight=draw(factories.weights),
    )


SHAPES: dict[str, st.SearchStrategy[list[Example]]] = {
    "chat": st.lists(shapes(completion=True, rejected=False), min_size=1, max_size=4),
    "prompts": st.lists(shapes(completion=False, rejected=False), min_size=1, max_size=4),
    "preference": st.lists(shapes(completion=True, rejected=True), min_size=1, max_size=4),
    "kto": st.lists(
        st.one_of(shapes(completion=True, rejected=False), shapes(completion=False, rejected=True)),
        min_size=1,
        max_size=4,
    ),
    "mixed": st.lists(shapes(), min_size=1, max_size=4),
}


def round_trip(folder: Path, kind: ExportKind, examples: list[Example], format_: str | None = None) -> list[Example]:
    content = io.BytesIO()
    written = export_examples(examples, content, kind, format_)
    assert written.rows == len(examples)
    path = folder / f"rows.{kind}"
    path.write_bytes(content.getvalue())
    imported = Importer([(path, path.name)])
    found = [example.model_copy(update={"origin": None}) for example in imported.iter_examples()]
    assert imported.encodings.get(path.name, "utf-8") == "utf-8"
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_an_export_is_imported_with_equal_rows(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, shape: str, kind: ExportKind
) -> None:
    examples = data.draw(SHAPES[shape])
    assert round_trip(tmp_path_factory.mktemp("export"), kind, examples) == examples


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("format_", "turns"), [("pairs", 0), ("alpaca", 2), ("sharegpt", 2)])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_every_text_format_is_imported_with_equal_rows(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, format_: str, turns: int, kind: ExportKind
) -> None:
    drawn = factories.examples(system=format_ != "pairs", turns=turns)
    examples = data.draw(st.lists(st.builds(_with_texts, drawn, texts, texts), min_size=1, max_size=4))
    try:
        found = round_trip(tmp_path_factory.mktemp("export"), kind, examples, format_)
    except InvalidInput as error:  # refused by the export, with a format that can hold it
        assert "use the format 'chat'" in str(error)
    else:
        assert found == examples


def _with_texts(example: Example, prompt: str, completion: str) -> Example:
    messages = (*example.messages[:-1], factories.user(prompt))
    return example.model_copy(update={"messages": messages, "completion": factories.assistant(completion)})


@pytest.mark.parametrize(
    ("examples", "format_"),
    [
        ([factories.example("a")], "chat"),
        ([factories.example("a", None)], "chat"),
        ([factories.example("a").model_copy(update={"rejected": factories.assistant("b")})], "preference"),
        ([factories.example("a", None).model_copy(update={"rejected": factories.assistant("b")})], "kto"),
        (
            [factories.example("a"), factories.example("a").model_copy(update={"rejected": factories.assistant("b")})],
            "chat",
        ),
    ],
)
def test_the_format_is_the_one_that_holds_all_rows(examples: list[Example], format_: str) -> None:
    assert export_examples(examples, io.BytesIO(), "jsonl").format == format_


@pytest.mark.parametrize(
    ("format_", "example", "reason"),
    [
        ("kto", factories.example("a", None), "row 1: .*'kto' requires either"),
        ("preference", factories.example("a"), "row 1: .*'preference' requires"),
        ("pairs", factories.example("a").model_copy(update={"tools": TOOLS}), "row 1: .*cannot represent 'tools'"),
        ("sharegpt", factories.example("a").model_copy(update={"messages": called}), "row 1: .*supports text only"),
    ],
)
def test_a_format_that_cannot_hold_a_row_is_an_error(format_: str, example: Example, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        export_examples([example], io.BytesIO(), "jsonl", format_)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.jsonl", "jsonl"), ("a.CSV", "csv"), ("a.pq", "parquet"), ("a.txt", "jsonl"), ("-", "jsonl"), ("a.tsv", "tsv")],
)
def test_the_kind_is_the_extension(name: str, kind: Any) -> None:
    assert choose_kind(Path(name)) == kind
