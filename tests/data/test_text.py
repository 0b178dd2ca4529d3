import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from vong.client.upload_files import collect_files
from vong.data import clean, profile, split
from vong.data.clean import CleanSettings
from vong.data.exporter import export_examples
from vong.data.files.text_documents import MAX_PART_CHARS
from vong.data.importer import Importer
from vong.data.preview import preview
from vong.data.row_checks import check_example
from vong.data.rows import diff
from vong.data.split import SplitSettings
from vong.data.versions import write
from vong.errors import InvalidInput
from vong.records import Example, ExampleOrigin, Message, Operation
from vong.store.blobs import BlobStore

VIETNAMESE = "Hà Nội là thủ đô.\n\nMùa thu rất đẹp."


def load(folder: Path, files: dict[str, bytes | str], **options: Any) -> tuple[list[Example], Importer]:
    paths: list[tuple[Path, str]] = []
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        paths.append((folder / name, name))
    importer = Importer(paths, **options)
    return list(importer.iter_examples()), importer


def texts(examples: list[Example]) -> list[str | None]:
    return [example.text for example in examples]


@pytest.mark.parametrize(
    ("name", "content", "options", "expected"),
    [
        ("a.txt", VIETNAMESE, {}, [VIETNAMESE]),
        ("a.txt", "one line, with a comma", {}, ["one line, with a comma"]),
        ("a.txt", "prompt,completion\na,b\n", {"format": "text"}, ["prompt,completion\na,b\n"]),
        ("a.md", "# Title\r\n\r\n[link](x)\r\n", {}, ["# Title\n\n[link](x)\n"]),
        ("a.md", "[not, json]\n", {}, ["[not, json]\n"]),
        ("a.jsonl", '{"text": "a", "url": "u"}\n{"text": "b"}\n', {}, ["a", "b"]),
        ("a.jsonl", '{"text": "a", "meta": {"pile_set_name": "x"}}\n', {}, ["a"]),
        ("a.jsonl", '{"content": "a"}\n', {"format": "text"}, ["a"]),
        ("a.jsonl", '{"story": "a"}\n', {"format": "text", "options": {"column": "story"}}, ["a"]),
        ("a.csv", 'text\n"a, b"\nc\n', {}, ["a, b", "c"]),
        ("a.txt", "one<|endoftext|>two\n<|endoftext|>\n<|endoftext|>", {"format": "text"}, ["one", "two\n"]),
        ("a.txt", b"\xef\xbb\xbfabc", {"format": "text"}, ["abc"]),
        ("a.txt", b"\xff\xfe" + VIETNAMESE.encode("utf-16-le"), {"format": "text"}, [VIETNAMESE]),
        ("a.txt", b"abc\0def ghi", {"format": "text"}, ["abc\0def ghi"]),
    ],
)
def test_documents_are_read(tmp_path: Path, name: str, content: bytes | str, options: Any, expected: list[str]) -> None:
    examples, importer = load(tmp_path, {name: content}, **options)
    assert texts(examples) == expected
    assert importer.formats == {name: "text"}
    assert examples[0].origin is not None
    assert examples[0].origin.id.startswith(f"{name}#")
    assert not importer.warnings


def test_parquet_with_a_column_of_text_is_read(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    table = pyarrow.table({"text": ["một", "hai"], "url": ["u", None]})
    parquet.write_table(table, tmp_path / "a.parquet")
    importer = Importer([(tmp_path / "a.parquet", "a.parquet")])
    assert [(one.text, one.metadata["url"]) for one in importer.iter_examples()] == [("một", "u"), ("hai", None)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "prompt,completion\na,b\n"),
        ("a.jsonl", '{"text": "q", "label": "a"}\n'),
        ("a.jsonl", json.dumps({"text": "Human: x\n\nAssistant: y"})),
    ],
)
def test_questions_with_answers_are_no_documents(tmp_path: Path, name: str, content: str) -> None:
    examples, importer = load(tmp_path, {name: content})
    assert texts(examples) == [None]
    assert importer.formats[name] in {"pairs", "chat"}


def test_invalid_characters_are_replaced_and_counted(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "a.txt": "xin chào các bạn ".encode() * 9 + b"\xff",
        "b.jsonl": '{"text": "a\\ud800b"}\n{"text": "c"}',
    }
    examples, importer = load(tmp_path, files, format="text")
    assert texts(examples)[1:] == ["a\ufffdb", "c"]
    assert (examples[0].text or "").endswith("bạn \ufffd")
    assert importer.warnings == ["2 documents have bytes or characters that are invalid; each is replaced by U+FFFD"]


def test_an_older_encoding_is_read_with_a_warning(tmp_path: Path) -> None:
    examples, importer = load(tmp_path, {"a.txt": "déjà vu, à bientôt — peut-être".encode("cp1252")}, format="text")
    assert texts(examples) == ["déjà vu, à bientôt — peut-être"]
    assert "read as cp1252" in importer.warnings[0]


def test_empty_files_and_documents(tmp_path: Path) -> None:
    examples, importer = load(tmp_path, {"a.txt": "", "b.md": " \n", "c.txt": "text"}, format="text")
    assert texts(examples) == ["text"]
    assert importer.warnings == ["a.txt is empty and is left out", "b.md is empty and is left out"]
    for content in ("", " \n"):
        with pytest.raises(InvalidInput, match=r"a.txt has no rows"):
            load(tmp_path, {"a.txt": content}, format="text")
    with pytest.raises(InvalidInput, match=r"a.jsonl line 1: the document is empty"):
        load(tmp_path, {"a.jsonl": '{"text": " "}\n{"text": "b"}'})
    examples, importer = load(tmp_path, {"a.jsonl": '{"text": ""}\n{"text": null}\n{"text": "b"}'}, on_error="skip")
    assert (texts(examples), importer.counts["skipped"]) == (["b"], 2)


@pytest.mark.parametrize("line", ["x" * 100, "lorem ipsum dolor sit amet " * 4 + "\n", "a b\r\n", "\n\nparagraph " * 9])
def test_a_long_document_becomes_parts_without_loss(tmp_path: Path, line: str) -> None:
    content = line * (2_500_000 // len(line))
    examples, _ = load(tmp_path, {"a.txt": content}, format="text")
    assert "".join(example.text or "" for example in examples) == content.replace("\r\n", "\n")
    assert max(len(example.text or "") for example in examples) < MAX_PART_CHARS + 100
    assert [example.metadata.get("part", 1) for example in examples] == list(range(1, len(examples) + 1))
    assert {example.metadata["document"] for example in examples} == {"a.txt"}


def test_a_mark_between_documents_is_never_cut(tmp_path: Path) -> None:
    content = "<|endoftext|>".join("x" * (MAX_PART_CHARS + shift) for shift in range(-20, 90))
    examples, _ = load(tmp_path, {"a.txt": content}, format="text")
    assert {len(example.text or "") for example in examples} >= {MAX_PART_CHARS + shift for shift in range(-20, 60)}
    assert all(set(example.text or "") == {"x"} for example in examples)


def test_a_document_is_either_text_or_a_conversation() -> None:
    with pytest.raises(InvalidInput, match="both 'text' and 'messages'"):
        check_example(Example(text="a", messages=(Message(role="user", content="b"),)))
    with pytest.raises(InvalidInput, match="the row has no messages"):
        check_example(Example())
    assert Example(text="a").hash != Example(text="b").hash
    assert Example(text="a").prompt_text == "a"


def test_documents_are_profiled_cleaned_and_split() -> None:
    words = [f"từ{number} chữ{number * 7} câu{number * 13}" for number in range(40)]
    examples = [Example(text=" ".join(words[start : start + 9])) for start in range(0, 36, 1)]
    dirty = [
        *examples[::9],
        Example(text="mail nguyen.van.a@example.com now"),
        Example(text="dup"),
        Example(text="dup"),
        Example(text="tidy \u200b\r\n "),
        Example(text="long " * 9000),
    ]
    report = profile(dirty)
    assert report.without_answer == 0
    assert (report.exact.extra, report.too_long, report.empty) == (1, [], [])
    assert report.personal["email"].rows == 1
    cleaned = clean(dirty, CleanSettings())
    assert cleaned.counts["masked"] == 1
    assert cleaned.counts["dropped_exact_duplicate"] == 1
    assert "example.com" not in "".join(one.text or "" for one in cleaned.examples)
    assert any(one.text == "tidy" for one in cleaned.examples)
    parted = split(cleaned.examples, SplitSettings(splits={"train": 0.5, "validation": 0.5}))
    assert min(parted.counts.values()) >= 3


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "parquet"])
def test_an_export_is_imported_as_equal_documents(tmp_path: Path, kind: Any) -> None:
    examples = [Example(text="một\n\nhai, ba", metadata={"url": "u"}), Example(text='"x"', weight=0.5)]
    path = tmp_path / f"out.{kind}"
    with path.open("wb") as file:
        assert export_examples(examples, file, kind).format == "text"
    read = list(Importer([(path, path.name)], format="text").iter_examples())
    assert [(one.text, one.weight) for one in read] == [(one.text, one.weight) for one in examples]
    with path.open("wb") as file, pytest.raises(InvalidInput, match="row 1: the row is a document"):
        export_examples(examples, file, kind, "chat")


def test_a_changed_document_is_paired_by_its_origin(connection: Connection, blobs: BlobStore) -> None:
    def document(text: str, number: int) -> Example:
        return Example(text=text, origin=ExampleOrigin(kind="file", id=f"a.txt#{number}"))

    before = write(connection, blobs, "corpus", [document("a", 1), document("b", 2)], Operation(name="import"))
    after = write(connection, blobs, "corpus", [document("a", 1), document("c", 2)], Operation(name="edit"))
    found = diff(blobs, before, after)
    assert (found.changed, found.unchanged, found.added, found.removed) == (1, 1, 0, 0)


def test_the_preview_says_that_a_file_is_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(VIETNAMESE)
    shown = preview(tmp_path / "a.txt", "a.txt")
    assert (shown.format, shown.kind, shown.reason) == ("text", "text", "the file is text without columns")
    assert (shown.estimated_rows, texts(shown.rows)) == (1, [VIETNAMESE])


def test_a_folder_stands_for_its_files(tmp_path: Path) -> None:
    for name in ("a.txt", "sub/a.txt", "sub/b.MD", ".git/c.txt", "photo.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    assert [file.name for file in collect_files([tmp_path])] == ["a.txt", "sub__a.txt", "sub__b.MD"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match="no file to import"):
        collect_files([tmp_path / "empty"])
