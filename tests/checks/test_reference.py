import pytest

from tools import reference


@pytest.mark.parametrize("name", ["commands.md", "routes.md"])
def test_the_generated_reference_is_what_the_program_says(name: str) -> None:
    written = (reference.FOLDER / name).read_text(encoding="utf-8")
    assert written == reference.pages()[name], "run: make docs"
