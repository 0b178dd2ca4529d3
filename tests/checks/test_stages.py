"""Names of stages: package, tables, routes, commands, client, tests and guide of a stage share one name."""

import importlib
import re
from pathlib import Path

import click
import pytest

from vong.cli.main import COMMANDS, STAGES
from vong.store.schema import metadata

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "vong"
GROUND = {"records", "pii", "sentence_support", "text_templates", "store", "jobs", "client", "app", "api", "cli"}


def stage_folders() -> set[str]:
    return {folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").exists()} - GROUND


def test_packages_commands_routes_clients_tests_and_guides_cover_the_same_stages() -> None:
    stages = stage_folders()
    assert stages == set(STAGES)
    for surface in ("api/routes", "client", "cli"):
        places = {
            file.stem for file in (PACKAGE / surface).iterdir()
        }  # a module, or a package if one module is too small
        assert stages <= places, (surface, stages - places)
    assert {stage for stage in stages if not (ROOT / "tests" / stage).is_dir()} == set()
    assert {stage for stage in stages if not (ROOT / "docs" / "guides" / f"{stage}.md").exists()} == set()


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_routes_of_a_stage_start_with_its_name(stage: str) -> None:
    router = importlib.import_module(f"vong.api.routes.{stage}").routes
    assert router.prefix == f"/api/v1/{stage}"


def test_every_table_name_starts_with_its_stage() -> None:
    for folder in PACKAGE.iterdir():
        if (folder / "tables.py").exists():
            importlib.import_module(f"vong.{folder.name}.tables")
    allowed = set(STAGES) | {"jobs"}
    assert {name for name in metadata.tables if name.split("_")[0] not in allowed} == set()


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_a_stage_has_at_most_ten_public_names_and_documents_input_and_output(stage: str) -> None:
    module = importlib.import_module(f"vong.{stage}")
    assert len(module.__all__) <= 10, module.__all__
    assert module.__doc__ and re.search(r"\bIn: .*Out: ", module.__doc__, re.DOTALL), (
        "say `In: … Out: …` in the docstring"
    )


def commands(group: click.Command, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], click.Command]]:
    if isinstance(group, click.Group):
        return [found for name, child in group.commands.items() for found in commands(child, (*path, name))]
    return [(path, group)]


def all_commands() -> list[tuple[tuple[str, ...], click.Command]]:
    return [
        found
        for name in COMMANDS
        for found in commands(importlib.import_module(f"vong.cli.{name}").group, ("vong", name))
    ]


def test_every_command_that_prints_data_has_a_json_option() -> None:
    silent = {
        "vong up",
        "vong down",
        "vong quickstart",
        "vong data export",
        "vong gateway batches export",
        "vong worker",
        "vong serving metrics",  # the format of Prometheus
    }
    silent |= {
        "vong gateway batches delete-file",
        "vong knowledge delete",
        "vong knowledge delete-base",
        "vong knowledge questions delete",
        "vong knowledge indexes delete",
        "vong evals suites delete",
        "vong evals monitors delete",
        "vong pipelines chat",
        "vong pipelines conversations delete",
        "vong pipelines schedules delete",
        "vong pipelines webhooks delete",
    }
    missing = [
        " ".join(path)
        for path, command in all_commands()
        if " ".join(path) not in silent and not any("--json" in parameter.opts for parameter in command.params)
    ]
    assert not missing, missing


def test_every_command_has_help() -> None:
    assert not [" ".join(path) for path, command in all_commands() if not command.help]
