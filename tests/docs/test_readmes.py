"""README and its Vietnamese translation: same headings, blocks and links, and no broken links."""

import re
from pathlib import Path

import pytest

from tests.docs.code_blocks import FILES, ROOT, read_blocks, text_outside_blocks

ENGLISH, VIETNAMESE = ROOT / "README.md", ROOT / "README.vi.md"
LINK = re.compile(r"\]\(([^)\s]+)\)")


def untranslated_lines(text: str) -> list[str]:
    """Return the lines of a block without translated parts: comments and descriptions of the tree."""
    if text.startswith("src/"):
        return [line.split()[0] for line in text.splitlines()]
    return [re.sub(r"\s+#.*", "", line) for line in text.splitlines()]


def test_both_readmes_have_the_same_headings() -> None:
    english, vietnamese = (
        re.findall(r"^#+ ", text_outside_blocks(file), re.MULTILINE) for file in (ENGLISH, VIETNAMESE)
    )
    assert english == vietnamese


def test_both_readmes_have_the_same_blocks() -> None:
    english, vietnamese = (
        [(block.info, untranslated_lines(block.text)) for block in read_blocks(file)] for file in (ENGLISH, VIETNAMESE)
    )
    assert english == vietnamese


def test_both_readmes_have_the_same_links_and_code_spans() -> None:
    """Each README links to the other one in place of itself."""
    english, vietnamese = (
        text_outside_blocks(ENGLISH),
        text_outside_blocks(VIETNAMESE).replace("(README.md)", "(README.vi.md)"),
    )
    assert LINK.findall(english) == LINK.findall(vietnamese)
    assert sorted(re.findall(r"`[^`]+`", english)) == sorted(re.findall(r"`[^`]+`", vietnamese))


def test_the_tree_in_the_readme_equals_the_one_on_disk() -> None:
    (tree,) = [block.text for block in read_blocks(ENGLISH) if block.text.startswith("src/")]
    below = {line.split()[0] for line in tree.splitlines() if line.startswith(" ")}
    there = [path for path in (ROOT / "src" / "vong").iterdir() if not path.name.startswith(("_", "."))]
    assert below == {f"{path.name}/" if path.is_dir() else path.name for path in there}
    top = {line.split()[0] for line in tree.splitlines() if not line.startswith(" ")}
    assert not [name for name in top if not (ROOT / name).exists()]


@pytest.mark.parametrize("file", [*FILES, VIETNAMESE], ids=lambda file: file.relative_to(ROOT).as_posix())
def test_every_link_to_a_file_has_a_target(file: Path) -> None:
    local = [link.partition("#")[0] for link in LINK.findall(text_outside_blocks(file)) if "://" not in link]
    assert not [link for link in local if link and not (file.parent / link).exists()]
