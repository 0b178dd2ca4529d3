"""The examples of the guide about new models: the suite and the workflow are valid."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from vong.evals.suites import SuiteDefinition

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "is-the-new-model-better.md"
BLOCKS: list[dict[Any, Any]] = [
    yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
]


def test_the_suite_of_the_guide_is_valid() -> None:
    suite = SuiteDefinition.model_validate(BLOCKS[0])
    for entry in suite.entries:
        entry.check()
    assert len(suite.entries[0].thresholds) == 4


def test_the_workflow_of_the_guide_runs_existing_options() -> None:
    from vong.cli.evals import run

    workflow = BLOCKS[1]
    assert workflow[True] == ["pull_request"]  # YAML 1.1 reads the key `on` as true
    steps = workflow["jobs"]["evals"]["steps"]
    assert all(set(step) <= {"uses", "with", "run", "name", "env", "if"} for step in steps)
    (command,) = [step["run"] for step in steps if "vong evals run" in step.get("run", "")]
    options = {option for parameter in run.params for option in parameter.opts}
    assert set(re.findall(r"--[\w-]+", command)) <= options


@pytest.mark.parametrize("option", ["--fail-under", "--save-losses", "--baseline"])
def test_the_guide_names_the_options(option: str) -> None:
    assert option in GUIDE.read_text(encoding="utf-8")
