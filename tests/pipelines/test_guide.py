"""Examples of the guide: each is valid, and runs."""

import re
from pathlib import Path
from typing import Any

import pytest

from vong.pipelines.definition import parse_definition
from vong.pipelines.steps.registry import list_kinds
from vong.pipelines.validation import validate

from .engine import Engine

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "pipelines.md").read_text(encoding="utf-8")
EXAMPLES = [
    (found["title"].strip(), found["code"])
    for found in re.finditer(
        r"^#{2,3} (?P<title>[^\n]+)\n(?:(?!^#{2,3} )[\s\S])*?```yaml\n(?P<code>.*?)```", GUIDE, re.MULTILINE | re.DOTALL
    )
]
INPUTS: dict[str, Any] = {"string": "urgent", "array": [1, 2], "number": 3}
NOT_RUN = {"http", "mcp", "pipeline"}


def test_every_kind_is_described() -> None:
    titles = " ".join(re.findall(r"^### (.*)$", GUIDE, re.MULTILINE))
    assert [kind for kind in list_kinds() if kind not in titles.split()] == []


@pytest.mark.parametrize(("title", "code"), EXAMPLES, ids=[title for title, _ in EXAMPLES])
def test_an_example_is_valid_and_runs(engine: Engine, title: str, code: str) -> None:
    definition = parse_definition(code)
    assert [one for one in validate(definition) if one.level == "error"] == []
    if title in NOT_RUN:
        return
    inputs = {name: INPUTS[schema["type"]] for name, schema in definition.inputs.items()}
    run = engine.run(definition, inputs)
    assert run.state == ("waiting" if title == "approval" else "succeeded"), run.error
