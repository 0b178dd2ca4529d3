"""Guard registry: creates guards from their settings, caches them, and collects the guards of a call."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from vong import plugins
from vong.errors import InvalidInput, Misconfigured, VongError
from vong.gateway.guards.base import Detection, Guard, GuardDependencies, Reads, SpanGuard
from vong.gateway.guards.secret_settings import opened, settings_of
from vong.gateway.upstream.client import UpstreamClient
from vong.records import Record, Route, content_hash
from vong.records.guard import Action, GuardConfig, GuardType, ProjectGuards

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def _nothing(texts: Sequence[str]) -> "npt.NDArray[np.float32]":
    import numpy as np

    return np.zeros((len(texts), 1), dtype=np.float32)


NO_AIDS = GuardDependencies(_nothing, UpstreamClient())
"""Dependencies for guards that are created only to validate their settings."""
KEPT = 1000
"""Guards that a process caches."""


class ConfiguredGuard(NamedTuple):
    """Guard with its configuration."""

    use: GuardConfig
    guard: Guard

    @property
    def reads_input(self) -> bool:
        """Return True if the guard checks requests."""
        return self.use.on != "output"

    @property
    def reads_output(self) -> bool:
        """Return True if the guard checks responses."""
        return self.use.on != "input"


class GuardSet:
    """Guards of one project: those of all its calls, and those of each route."""

    def __init__(
        self,
        version: str | None,
        everywhere: Sequence[ConfiguredGuard],
        routes: Mapping[str, Sequence[ConfiguredGuard]],
    ) -> None:
        self.version = version
        self._everywhere = tuple(everywhere)
        self._routes = {name: (*everywhere, *posts) for name, posts in routes.items()}

    def of(self, model: str) -> tuple[ConfiguredGuard, ...]:
        """Return the guards of calls to a model or route."""
        return self._routes.get(model, self._everywhere)


class UnavailableGuard:
    """Stored guard that cannot be created any longer. Each check raises the reason."""

    Settings: ClassVar[type[Record]] = GuardConfig
    reads: ClassVar[Reads] = "all"
    every: ClassVar[int | None] = None

    def __init__(self, settings: VongError, dependencies: GuardDependencies) -> None:
        del dependencies
        self._reason = settings

    async def look(self, text: str, ask: Any) -> Sequence[Detection]:
        """Raise the reason why the guard is unavailable."""
        del text, ask
        raise self._reason


class GuardFactory:
    """Creates guards, once per settings, so that patterns are compiled and examples embedded only once."""

    def __init__(self, aids: GuardDependencies = NO_AIDS) -> None:
        self._aids = aids
        self._made: OrderedDict[str, Guard] = OrderedDict()
        self._lock = Lock()

    def posts(self, routes: Sequence[Route], project: ProjectGuards | None) -> GuardSet | None:
        """Return the guards of a project, or None if it has none."""
        everywhere = [self.post(use) for use in (project.guards if project else ())]
        of_routes = {
            route.name: [self.post(use) for use in route.policy.guards]
            for route in routes
            if route.policy and route.policy.guards
        }
        if not everywhere and not of_routes:
            return None
        return GuardSet(project.version if project and everywhere else None, everywhere, of_routes)

    def sound(self, use: GuardConfig) -> ConfiguredGuard:
        """Create a guard.

        Raises:
            NotFound: if the guard is not installed.
            InvalidInput: if its settings are invalid.
        """
        return ConfiguredGuard(use, make(use, self._aids))

    def post(self, use: GuardConfig) -> ConfiguredGuard:
        """Return a cached or new guard. A guard that cannot be created blocks every text."""
        key = content_hash({"guard": use.guard, "settings": use.settings})
        with self._lock:
            guard = self._made.get(key)
            if guard is None:
                try:
                    guard = make(use, self._aids)
                except Misconfigured as error:  # fixable without a change of the guard, so it is not cached
                    return ConfiguredGuard(use, UnavailableGuard(error, self._aids))
                except VongError as error:
                    guard = UnavailableGuard(error, self._aids)
                self._made[key] = guard
                if len(self._made) > KEPT:
                    self._made.popitem(last=False)
        return ConfiguredGuard(use, guard)


def make(use: GuardConfig, aids: GuardDependencies) -> Guard:
    """Create a guard of an installed type.

    Raises:
        NotFound: if the guard is not installed.
        InvalidInput: if its settings are invalid.
    """
    kind, settings = settings_of(opened(use, aids.open))
    return kind(settings, aids)


def check(uses: Sequence[GuardConfig]) -> None:
    """Validate guard configurations.

    Raises:
        NotFound: if a guard is not installed.
        InvalidInput: if its settings or its action do not fit.
    """
    for use in uses:
        make(use, NO_AIDS)
        if use.action not in actions(plugins.load("guard", use.guard)):
            hint = "its detections have no positions: use block or flag"
            raise InvalidInput(f"guard {use.guard!r} cannot mask", hint)
        if use.action == "retry" and use.on != "output":
            raise InvalidInput(
                "action retry is only possible for responses", 'set "on": "output" with "action": "retry"'
            )


def actions(kind: type[Guard]) -> tuple[Action, ...]:
    """Return the actions that a guard type supports."""
    return ("block", "mask", "flag", "retry") if issubclass(kind, SpanGuard) else ("block", "flag", "retry")


def kinds() -> list[GuardType]:
    """Return all installed guard types, by name."""
    return [_kind(name, plugins.load("guard", name)) for name in plugins.names("guard")]


def _kind(name: str, kind: type[Guard]) -> GuardType:
    streams = f"every {kind.every} characters" if kind.every else "at the end"
    streams = "as they come" if "mask" in actions(kind) else streams
    about = " ".join((kind.__doc__ or "").split())
    return GuardType(
        name=name, about=about, actions=actions(kind), streams=streams, settings=kind.Settings.model_json_schema()
    )
