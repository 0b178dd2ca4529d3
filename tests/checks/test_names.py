"""Names follow docs/glossary.md: one word per concept, one meaning per class name, no private words."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "vong"
SOURCES = [file for file in sorted(PACKAGE.rglob("*.py")) if "migrations/versions" not in file.as_posix()]
PRIVATE_WORDS = frozenset(
    [
        "told",
        "tell",
        "tells",
        "said",
        "says",
        "kept",
        "wanted",
        "anew",
        "onward",
        "patience",
        "patiently",
        "shelf",
        "shop",
        "crew",
        "pen",
        "bell",
        "doorstep",
        "means",
        "manner",
        "course",
        "lane",
        "lanes",
        "books",
        "deputy",
        "deputies",
        "spell",
        "whose",
        "nobody",
        "somebody",
        "lot",
        "asked",
        "heard",
        "sewn",
        "owed",
        "beat",
        "rests",
        "shape",
        "shapes",
        "turn",
        "turns",
        "mirror",
        "personal",
        "surface",
    ]
)
"""Words that had a private meaning; the glossary has the word of the field for each."""
ALLOWED: dict[str, str] = {}


def words(name: str) -> set[str]:
    return {part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def public_names(file: Path) -> Iterator[tuple[str, int]]:
    """Yield the names of the module, its classes, functions, methods and constants."""
    yield file.stem, 0
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node.name, node.lineno
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.lineno


def test_no_public_name_has_a_private_word() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line}: {name}"
        for file in SOURCES
        for name, line in public_names(file)
        if words(name) & PRIVATE_WORDS and name not in ALLOWED
    ]
    assert not found, "use the words of docs/glossary.md:\n" + "\n".join(found)


def test_no_two_public_classes_of_the_server_share_a_name() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for file in SOURCES:
        if "client" in file.relative_to(PACKAGE).parts:
            continue  # the client repeats names of the server on purpose: it imports nothing of it but records
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(file.relative_to(ROOT).as_posix())
    assert not {name: files for name, files in homes.items() if len(files) > 1}


def test_the_glossary_has_one_row_per_term_in_both_languages() -> None:
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and not line.startswith("| English")
    ]
    terms = [term for english, *_ in rows for term in english.split(", ")]
    assert len(terms) == len(set(terms)), sorted({term for term in terms if terms.count(term) > 1})
    assert all(len(row) == 3 and all(row) for row in rows)
