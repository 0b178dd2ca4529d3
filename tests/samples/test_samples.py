"""Sample data: equal to the description in its README and reproducible byte for byte."""

from __future__ import annotations

import importlib
import io
import json
import re
import subprocess
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any, TypedDict

import mammoth
import pytest
from bs4 import BeautifulSoup
from pdfminer.high_level import extract_text

SAMPLES = Path(__file__).parents[2] / "samples"
RECIPE: dict[str, Any] = json.loads((SAMPLES / "recipe.json").read_text(encoding="utf-8"))
NEAR = 0.7
RENSA: Any = importlib.import_module("rensa")  # it has no types


class Ticket(TypedDict):
    id: str
    channel: str
    text: str
    triage: dict[str, str]


class Truth(TypedDict):
    wrong_labels: dict[str, dict[str, str]]
    conflicts: dict[str, str]
    exact_duplicates: dict[str, str]
    near_duplicates: dict[str, str]
    personal_data: dict[str, list[str]]
    vietnamese: list[str]


def lines(name: str) -> list[Any]:
    return [json.loads(line) for line in (SAMPLES / name).read_text(encoding="utf-8").splitlines()]


TICKETS: list[Ticket] = lines("tickets.jsonl")
TEXTS = {ticket["id"]: ticket["text"] for ticket in TICKETS}
SHIPPED = {ticket["id"]: ticket["triage"] for ticket in TICKETS}
TRUTH: Truth = json.loads((SAMPLES / "tickets.truth.json").read_text(encoding="utf-8"))


def labels_are_known(triage: dict[str, str]) -> tuple[str, ...]:
    return tuple(triage[field] for field in RECIPE["exact_fields"])


def shingles(text: str) -> set[str]:
    words = text.lower().split()
    return {" ".join(words[start : start + 5]) for start in range(max(1, len(words) - 4))}


def near_pairs() -> set[frozenset[str]]:
    """Return pairs that MinHash (128 permutations, five-word shingles) finds similar."""
    sketches: dict[str, Any] = {}
    for name, text in TEXTS.items():
        sketches[name] = RENSA.RMinHash(128, 42)
        sketches[name].update(sorted(shingles(text)))
    return {
        frozenset((one, other))
        for one, other in combinations(TEXTS, 2)
        if sketches[one].jaccard(sketches[other]) >= NEAR
    }


@pytest.fixture(scope="module")
def similar_pairs() -> set[frozenset[str]]:
    return near_pairs()


@pytest.fixture(scope="module")
def regenerated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    command = [sys.executable, str(SAMPLES / "generate.py"), "--out", str(folder)]
    subprocess.run(command, check=True, timeout=60)
    return folder


def test_the_generator_reproduces_the_same_bytes(regenerated: Path) -> None:
    made = {path.relative_to(regenerated) for path in regenerated.rglob("*") if path.is_file()}
    assert {Path("tickets.jsonl"), Path("tickets.truth.json"), Path("README.md")} < made
    different = [str(name) for name in made if (regenerated / name).read_bytes() != (SAMPLES / name).read_bytes()]
    assert different == []
    shipped = {path.name for path in (SAMPLES / "handbook").iterdir()}
    assert shipped == {name.name for name in made if name.parent.name == "handbook"}


def test_every_ticket_has_the_expected_fields_and_known_labels() -> None:
    assert [ticket["id"] for ticket in TICKETS] == [f"T-{number:04d}" for number in range(1, 701)]
    for ticket in TICKETS:
        assert set(ticket) == {"id", "channel", "text", "triage"}
        assert ticket["channel"] in {"email", "chat", "form"}
        assert ticket["text"].strip()
        assert list(ticket["triage"]) == ["product", "urgency", "intent", "summary"]
        for field, allowed in RECIPE["labels"].items():
            assert ticket["triage"][field] in allowed
        assert ticket["triage"]["summary"].isascii() and ticket["triage"]["summary"].endswith(".")


def test_the_shares_equal_those_of_the_readme() -> None:
    total = len(TICKETS)
    assert 0.12 <= len(TRUTH["vietnamese"]) / total <= 0.15
    assert 0.12 <= len(TRUTH["personal_data"]) / total <= 0.18
    assert len(TRUTH["exact_duplicates"]) / total == pytest.approx(0.03)
    assert len(TRUTH["near_duplicates"]) / total == pytest.approx(0.05)
    assert len(TRUTH["wrong_labels"]) / total == pytest.approx(0.02)
    assert len(TRUTH["conflicts"]) == len(TRUTH["wrong_labels"]) / 2
    intents = Counter(ticket["triage"]["intent"] for ticket in TICKETS).most_common()
    assert 6 <= intents[0][1] / intents[-1][1] <= 10


def test_the_counts_in_the_readme_are_correct() -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    stated = {name: int(number) for name, number in re.findall(r"^\| ([\w: ]+) \| (\d+) \|", readme, re.MULTILINE)}
    assert stated["tickets"] == len(TICKETS)
    assert stated["wrong labels"] == len(TRUTH["wrong_labels"])
    for field in ("product", "urgency", "intent"):
        for label, count in Counter(triage[field] for triage in SHIPPED.values()).items():
            assert stated[f"{field}: {label}"] == count


def test_duplicates_equal_the_ground_truth(similar_pairs: set[frozenset[str]]) -> None:
    assert all(TEXTS[copy] == TEXTS[source] for copy, source in TRUTH["exact_duplicates"].items())
    assert all(TEXTS[copy] != TEXTS[source] for copy, source in TRUTH["near_duplicates"].items())
    copies = {**TRUTH["exact_duplicates"], **TRUTH["near_duplicates"]}
    assert similar_pairs == {frozenset(pair) for pair in copies.items()}


def test_all_other_tickets_are_distinct_so_that_any_split_is_fair(similar_pairs: set[frozenset[str]]) -> None:
    copies = TRUTH["exact_duplicates"].keys() | TRUTH["near_duplicates"].keys()
    originals = [name for name in TEXTS if name not in copies]
    assert len(originals) >= 600
    seen: dict[str, list[int]] = {}
    sizes: list[int] = []
    for place, name in enumerate(originals):
        signs = {TEXTS[name].lower()[at : at + 5] for at in range(len(TEXTS[name]) - 4)}
        shared = Counter(other for sign in signs for other in seen.get(sign, []))
        assert all(count < 0.6 * (len(signs) + sizes[other] - count) for other, count in shared.items())
        sizes.append(len(signs))
        for sign in signs:
            seen.setdefault(sign, []).append(place)
    assert not any(pair <= set(originals) for pair in similar_pairs)


def test_wrong_labels_differ_from_the_right_ones_and_half_are_detectable() -> None:
    for name, right in TRUTH["wrong_labels"].items():
        assert (
            sum(
                one != other
                for one, other in zip(labels_are_known(SHIPPED[name]), labels_are_known(right), strict=True)
            )
            == 1
        )
    copies = {**TRUTH["exact_duplicates"], **TRUTH["near_duplicates"]}
    conflicts = {
        copy: source
        for copy, source in copies.items()
        if labels_are_known(SHIPPED[copy]) != labels_are_known(SHIPPED[source])
    }
    assert conflicts == TRUTH["conflicts"]


def passes_luhn(number: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def passes_mod_97(number: str) -> bool:
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1


def test_pii_is_well_formed() -> None:
    kinds = Counter(kind for similar_pairs in TRUTH["personal_data"].values() for kind in similar_pairs)
    assert {"name", "email", "phone", "card", "iban"} == set(kinds) and min(kinds.values()) >= 5
    for name, present in TRUTH["personal_data"].items():
        text = TEXTS[name]
        packed = re.sub(r"(?<=\w) (?=\w)", "", text)
        if "email" in present:
            assert re.search(r"[\w.]+@\w+\.example", text, re.IGNORECASE)
        if "phone" in present:
            assert re.search(r"(\d[ -]?){7,}", text)
        if "card" in present:
            card = re.search(r"(?<!\d)((?:\d ?){16})(?!\d)", text)
            assert card and passes_luhn(card[1].replace(" ", "").strip())
        if "iban" in present:
            iban = re.search(r"(?:GB\d\d(?:TARN|MOSS)\d{14})|(?:NL\d\d(?:TARN|MOSS)\d{10})", packed, re.IGNORECASE)
            assert iban and passes_mod_97(iban[0].upper())
    everywhere = " ".join(TEXTS.values())
    assert all(address.lower().endswith(".example") for address in re.findall(r"\S+@[\w.]+\w", everywhere))


def read(name: str) -> str:
    path = SAMPLES / "handbook" / name
    if path.suffix == ".pdf":
        text = extract_text(path)
    elif path.suffix == ".docx":
        text = mammoth.extract_raw_text(io.BytesIO(path.read_bytes())).value
    elif path.suffix == ".html":
        text = BeautifulSoup(path.read_bytes(), "html.parser").get_text(" ")
    else:
        text = path.read_text(encoding="utf-8")
    return " ".join(text.split())


def without_markup(text: str) -> str:
    """Return a text without markup and spaces, because loaders put spaces around bold words."""
    return re.sub(r"[*`\s]", "", text)


def test_the_handbook_can_be_read_in_all_four_formats() -> None:
    names = sorted(path.name for path in (SAMPLES / "handbook").iterdir())
    assert Counter(name.rsplit(".")[1] for name in names) == {"md": 7, "html": 5, "pdf": 4, "docx": 4}
    for name in names:
        source = (SAMPLES / "handbook_source" / f"{name.rsplit('.')[0]}.md").read_text(encoding="utf-8")
        text = read(name)
        assert 300 <= len(text.split()) <= 900
        prose = [part for part in source.split("\n\n") if part[0].isalpha()]
        assert all(without_markup(paragraph) in without_markup(text) for paragraph in prose)


def test_word_documents_keep_their_lists_and_headings() -> None:
    page = mammoth.convert_to_html(io.BytesIO((SAMPLES / "handbook" / "cancelling.docx").read_bytes()))
    assert page.messages == []
    assert "<h1>Cancelling and leaving</h1>" in page.value
    assert "<ol><li>" in page.value and "<table>" in page.value


def test_each_question_is_answered_by_its_document_or_is_unanswerable() -> None:
    questions = lines("questions.jsonl")
    assert sum(question["document"] is None for question in questions) == 3
    assert len(questions) >= 15
    for question in questions:
        if question["document"]:
            assert question["answer_holds"] in read(question["document"])


def test_the_recipe_lists_the_labels_and_contains_no_sample_ticket() -> None:
    shown = [message["content"] for message in RECIPE["prompts"]["few_shot"]]
    assert not set(shown) & set(TEXTS.values())
    answers = [json.loads(m["content"]) for m in RECIPE["prompts"]["few_shot"] if m["role"] == "assistant"]
    assert len(answers) == 3
    for answer in answers:
        assert all(answer[field] in allowed for field, allowed in RECIPE["labels"].items())
    for prompt in RECIPE["prompts"].values():
        assert prompt[-1] == {"role": "user", "content": "{input}"}
    zero_shot = RECIPE["prompts"]["zero_shot"][0]["content"]
    assert all(label in zero_shot for allowed in RECIPE["labels"].values() for label in allowed)
