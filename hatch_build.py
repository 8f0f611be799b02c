"""Put GraphiQL's bundle into the wheel and the source distribution, so that who installs Bekal needs no Node."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GraphiqlBuildHook(BuildHookInterface[Any]):
    """Builds what ide/build.py builds, when the bundle is missing or older than its sources."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node's wheel when a bundle must be built and this machine has no Node."""
        ide = self._ide()
        return [] if ide.is_current() or ide.node_on_path() else [ide.pinned_node().split()[0]]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the bundle; an editable installation is served from the checkout and built by ``make ide``.

        Raises:
            SystemExit: the bundle could not be built; the message names the remedy.
        """
        if version == "editable":
            return
        ide = self._ide()
        try:
            self.app.display_info(ide.build())
        except ide.BuildError as error:
            sys.exit(f"GraphiQL could not be built. {error}")

    def _ide(self) -> ModuleType:
        """Return ide/build.py, which is a command and in no package."""
        spec = importlib.util.spec_from_file_location("bekal_ide_build", Path(self.root) / "ide" / "build.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module
