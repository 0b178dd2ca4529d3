"""Vietnamese texts of what the server names: every recipe and every setting has one.

The catalogues of the console are typed against each other. The texts of recipes come from the server, so only a test
can find that one has no translation.
"""

import re

from tests.web.browser import ROOT
from vong import plugins

TRAINING = ROOT / "web" / "src" / "app" / "i18n" / "vi" / "training.ts"
FIELDS = TRAINING.with_name("trainingFields.ts")


def translated_names(block: str) -> set[str]:
    """Return the keys of one object of the Vietnamese catalogue of Training."""
    text = TRAINING.read_text(encoding="utf-8")
    found = re.search(rf"^  {block}: {{\n(.*?)^  }},", text, re.MULTILINE | re.DOTALL)
    assert found, f"{TRAINING} has no object {block!r}"
    return set(re.findall(r"^    (\w+):", found[1], re.MULTILINE))


def test_every_recipe_has_a_vietnamese_text() -> None:
    assert set(plugins.list_extensions("recipe")) == translated_names("recipes")


def test_every_setting_of_a_recipe_has_a_vietnamese_text() -> None:
    recipes = [plugins.load_extension("recipe", name) for name in plugins.list_extensions("recipe")]
    settings = {name for recipe in recipes for name in recipe.Settings.model_fields}
    names = set(re.findall(r"^  (\w+):", FIELDS.read_text(encoding="utf-8"), re.MULTILINE))
    assert settings == names
