"""The example for GitHub Actions: the shell step that evaluates the prompt of a branch."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

EXAMPLE = Path(__file__).parents[2] / "samples" / "ci" / "vong-files.yml"
PROGRAM = """#!/bin/bash
echo "$*" >> calls
case "$*" in
  *"prompts create"*) test "$CREATE" = ok && echo '{"ref": "answer@2"}' ;;
  *"--label main"*) exit "$BASELINE" ;;
  *"--markdown report.md"*) echo "| difference |" > report.md; exit "$BRANCH" ;;
esac
"""
"""Program in place of `vong`, which records its arguments and exits as a server's verdict would make it exit."""

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")


def run_step(folder: Path, *, create: str = "ok", baseline: int = 0, branch: int = 0) -> int:
    """Run the step as a GitHub runner does with `shell: bash`, and return its exit status."""
    document: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text())
    assert document["defaults"]["run"]["shell"] == "bash"
    (script,) = [step["run"] for step in document["jobs"]["check"]["steps"] if "branch=" in step.get("run", "")]
    program = folder / "vong"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    environment = {
        **{"PATH": f"{folder}:{os.environ['PATH']}", "SUITE": "support", "PROMPT": "answer"},
        **{"CREATE": create, "BASELINE": str(baseline), "BRANCH": str(branch)},
    }
    script = script.replace("${{ github.event.number }}", "12")
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True).returncode


@pytest.mark.parametrize("branch", [0, 1])
def test_a_baseline_that_fails_its_checks_is_still_compared(tmp_path: Path, branch: int) -> None:
    assert run_step(tmp_path, baseline=1, branch=branch) == branch
    assert (tmp_path / "report.md").exists()
    last = (tmp_path / "calls").read_text().splitlines()[-1]
    assert "--model prompt/answer@2 --label pr-12 --baseline main" in last


def test_a_baseline_that_cannot_run_ends_the_step(tmp_path: Path) -> None:
    assert run_step(tmp_path, baseline=2) != 0
    assert not (tmp_path / "report.md").exists()


def test_a_prompt_that_is_rejected_is_not_evaluated(tmp_path: Path) -> None:
    assert run_step(tmp_path, create="rejected") != 0
    assert "evals run" not in (tmp_path / "calls").read_text()
