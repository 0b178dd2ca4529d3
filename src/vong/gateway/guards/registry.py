"""Guard registry: creates guards from their settings, caches them, and collects the guards of a call."""

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from cachetools import LRUCache

from vong import plugins
from vong.errors import InvalidInput, Misconfigured, VongError
from vong.gateway.guards.base import Detection, Guard, GuardDependencies, SpanGuard, TextScope
from vong.gateway.guards.secret_settings import decrypt_settings, parse_settings
from vong.gateway.upstream.client import UpstreamClient
from vong.records import Record, Route, content_hash
from vong.records.guard import GuardAction, GuardConfig, GuardType, ProjectGuards

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def _zero_vectors(texts: Sequence[str]) -> "npt.NDArray[np.float32]":
    import numpy as np

    return np.zeros((len(texts), 1), dtype=np.float32)


NULL_DEPENDENCIES = GuardDependencies(_zero_vectors, UpstreamClient())
"""Dependencies for guards that are created only to validate their settings."""
MAX_CACHED_GUARDS = 1000
"""Guards that a process caches."""


class ConfiguredGuard(NamedTuple):
    """Guard with its configuration."""

    config: GuardConfig
    guard: Guard

    @property
    def checks_input(self) -> bool:
        """Return True if the guard checks requests."""
        return self.config.on != "output"

    @property
    def checks_output(self) -> bool:
        """Return True if the guard checks responses."""
        return self.config.on != "input"


class GuardSet:
    """Guards of one project: those of all its calls, and those of each route."""

    def __init__(
        self,
        version: str | None,
        project_guards: Sequence[ConfiguredGuard],
        route_guards: Mapping[str, Sequence[ConfiguredGuard]],
    ) -> None:
        self.version = version
        self._project_guards = tuple(project_guards)
        self._route_guards = {name: (*project_guards, *posts) for name, posts in route_guards.items()}

    def guards_for(self, model: str) -> tuple[ConfiguredGuard, ...]:
        """Return the guards of calls to a model or route."""
        return self._route_guards.get(model, self._project_guards)


class UnavailableGuard:
    """Stored guard that cannot be created any longer. Each check raises the reason."""

    Settings: ClassVar[type[Record]] = GuardConfig
    text_scope: ClassVar[TextScope] = "all"
    check_interval: ClassVar[int | None] = None

    def __init__(self, settings: VongError, dependencies: GuardDependencies) -> None:
        del dependencies
        self._reason = settings

    async def check(self, text: str, ask: Any) -> Sequence[Detection]:
        """Raise the reason why the guard is unavailable."""
        del text, ask
        raise self._reason


class GuardFactory:
    """Creates guards, once per settings, so that patterns are compiled and examples embedded only once."""

    def __init__(self, dependencies: GuardDependencies = NULL_DEPENDENCIES) -> None:
        self._dependencies = dependencies
        self._cache: LRUCache[str, Guard] = LRUCache(MAX_CACHED_GUARDS)
        self._lock = Lock()

    def create_guard_set(self, routes: Sequence[Route], project: ProjectGuards | None) -> GuardSet | None:
        """Return the guards of a project, or None if it has none."""
        everywhere = [self.create(use) for use in (project.guards if project else ())]
        of_routes = {
            route.name: [self.create(use) for use in route.policy.guards]
            for route in routes
            if route.policy and route.policy.guards
        }
        if not everywhere and not of_routes:
            return None
        return GuardSet(project.version if project and everywhere else None, everywhere, of_routes)

    def create_validated(self, config: GuardConfig) -> ConfiguredGuard:
        """Create a guard.

        Raises:
            NotFound: if the guard is not installed.
            InvalidInput: if its settings are invalid.
        """
        return ConfiguredGuard(config, create_guard(config, self._dependencies))

    def create(self, config: GuardConfig) -> ConfiguredGuard:
        """Return a cached or new guard. A guard that cannot be created blocks every text."""
        key = content_hash({"guard": config.guard, "settings": config.settings})
        with self._lock:
            guard = self._cache.get(key)
            if guard is None:
                try:
                    guard = create_guard(config, self._dependencies)
                except Misconfigured as error:  # fixable without a change of the guard, so it is not cached
                    return ConfiguredGuard(config, UnavailableGuard(error, self._dependencies))
                except VongError as error:
                    guard = UnavailableGuard(error, self._dependencies)
                self._cache[key] = guard
        return ConfiguredGuard(config, guard)


def create_guard(config: GuardConfig, dependencies: GuardDependencies) -> Guard:
    """Create a guard of an installed type.

    Raises:
        NotFound: if the guard is not installed.
        InvalidInput: if its settings are invalid.
    """
    kind, settings = parse_settings(decrypt_settings(config, dependencies.decrypt))
    return kind(settings, dependencies)


def validate_configs(configs: Sequence[GuardConfig]) -> None:
    """Validate guard configurations.

    Raises:
        NotFound: if a guard is not installed.
        InvalidInput: if its settings or its action do not fit.
    """
    for use in configs:
        create_guard(use, NULL_DEPENDENCIES)
        if use.action not in supported_actions(plugins.load_extension("guard", use.guard)):
            hint = "its detections have no positions: use block or flag"
            raise InvalidInput(f"guard {use.guard!r} cannot mask", hint)
        if use.action == "retry" and use.on != "output":
            raise InvalidInput(
                "action retry is only possible for responses", 'set "on": "output" with "action": "retry"'
            )


def supported_actions(guard_type: type[Guard]) -> tuple[GuardAction, ...]:
    """Return the actions that a guard type supports."""
    return ("block", "mask", "flag", "retry") if issubclass(guard_type, SpanGuard) else ("block", "flag", "retry")


def list_guard_types() -> list[GuardType]:
    """Return all installed guard types, by name."""
    return [
        _describe_guard_type(name, plugins.load_extension("guard", name)) for name in plugins.list_extensions("guard")
    ]


def _describe_guard_type(name: str, guard_type: type[Guard]) -> GuardType:
    streams = f"every {guard_type.check_interval} characters" if guard_type.check_interval else "at the end"
    streams = "as they come" if "mask" in supported_actions(guard_type) else streams
    about = " ".join((guard_type.__doc__ or "").split())
    return GuardType(
        name=name,
        description=about,
        actions=supported_actions(guard_type),
        streams=streams,
        settings=guard_type.Settings.model_json_schema(),
    )
