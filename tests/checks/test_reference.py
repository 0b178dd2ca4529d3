import pytest
from pydantic import BaseModel

from tools import reference, reference_errors
from vong import config, errors, plugins
from vong.errors import VongError

INDEX = reference.FOLDER.parent / "README.md"


def read_page(name: str) -> str:
    return (reference.FOLDER / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", reference.PAGES)
def test_the_generated_reference_is_up_to_date(name: str) -> None:
    assert read_page(name) == reference.PAGES[name](), "run: make docs"


@pytest.mark.parametrize("name", reference.PAGES)
def test_every_generated_page_is_in_the_index(name: str) -> None:
    assert f"(reference/{name})" in INDEX.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["settings.md", "plugins.md", "errors.md"])
def test_every_row_of_a_table_has_a_meaning(name: str) -> None:
    rows = [line for line in read_page(name).splitlines() if line.startswith("| ")]
    assert rows and not [row for row in rows if row.endswith("| |")], "add a description or a docstring in the source"


def test_every_setting_and_nested_setting_is_in_the_reference() -> None:
    models = [model for model in vars(config).values() if isinstance(model, type) and issubclass(model, BaseModel)]
    page = read_page("settings.md")
    names = {name for model in models for name in model.model_fields}
    assert not [name for name in names if f"| `{name}` |" not in page]


def test_every_error_is_in_the_reference() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, VongError)}
    kinds |= {kind for kind in reference_errors.subclasses(VongError) if kind.__module__.startswith("vong.")}
    page = read_page("errors.md")
    assert not [kind for kind in kinds if f"| `{kind.code}` |" not in page]


@pytest.mark.parametrize("kind", plugins.EXTENSION_KINDS)
def test_every_extension_is_in_the_reference(kind: plugins.ExtensionKind) -> None:
    section = read_page("plugins.md").split(f"\n## {kind}\n")[1].split("\n## ")[0]
    assert f"`vong.{kind}s`" in section
    assert not [name for name in plugins.list_extensions(kind) if f"| `{name}` |" not in section]
