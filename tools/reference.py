"""Write docs/reference and web/openapi.json from the program itself: every command with its options, every route.

`make docs` writes; `tests/checks` fails where what is written is not what the program says.
"""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from vong.api.server import create_app
from vong.app import Platform
from vong.cli.main import COMMANDS
from vong.config import Settings

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
OPENAPI = Path(__file__).parents[1] / "web" / "openapi.json"


def pages() -> dict[str, str]:
    """The generated pages by file name."""
    return {"commands.md": commands_page(), "routes.md": routes_page()}


def commands_page() -> str:
    """Every command, in the order of `vong --help`."""
    lines = ["# Commands", "", "Written by `make docs` from the program. `vong COMMAND --help` says the same.", ""]
    for name in COMMANDS:
        group = importlib.import_module(f"vong.cli.{name}").group
        if isinstance(group, click.Group):
            lines += [f"## vong {name}", "", (group.help or "").strip(), ""]
        for path, command in leaves(group, ("vong", name)):
            mark = "###" if isinstance(group, click.Group) else "##"
            lines += [f"{mark} {' '.join([*path, *arguments(command)])}", "", (command.help or "").strip(), ""]
            rows = [row for parameter in command.params if (row := option_row(parameter))]
            if rows:
                lines += ["| option | meaning |", "|---|---|", *rows, ""]
    return "\n".join(lines).rstrip() + "\n"


def leaves(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The commands below a group that do something."""
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from leaves(child, (*path, name))
    else:
        yield path, command


def arguments(command: click.Command) -> list[str]:
    """The positional arguments as usage shows them."""
    return [
        parameter.make_metavar(click.Context(command))
        for parameter in command.params
        if parameter.param_type_name == "argument"
    ]


def option_row(parameter: click.Parameter) -> str:
    """One line of a command's table; nothing for arguments and hidden options."""
    if not isinstance(parameter, click.Option) or parameter.hidden:
        return ""
    default = parameter.default
    shown = f" (default {default})" if parameter.show_default and default not in (None, False, ()) else ""
    names = ", ".join(f"`{name}`" for name in parameter.opts)
    return f"| {names} | {(parameter.help or '').strip()}{shown} |".replace("|  ", "| ")


def description() -> dict[str, Any]:
    """The REST API as the server describes it, without starting one."""
    return create_app(Platform(Settings())).openapi()


def openapi() -> str:
    """The same as the console's types are generated from: sorted, so that a change shows as a small difference."""
    return json.dumps(description(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def routes_page() -> str:
    """Every route of the REST API with the first line of its description."""
    lines = [
        "# Routes",
        "",
        "Written by `make docs` from the program. The running server describes them exactly at `/api/openapi.json`.",
        "",
    ]
    lines += ["| route | what it does |", "|---|---|"]
    for path, methods in sorted(description()["paths"].items()):
        for method, operation in methods.items():
            first = operation.get("description", "").strip().split("\n\n")[0].replace("\n", " ")
            lines.append(f"| `{method.upper()} {path}` | {first} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    OPENAPI.write_text(openapi(), encoding="utf-8")


if __name__ == "__main__":
    main()
