"""Guards at their posts: made from what people set, kept while that stays the same, and gathered for a call."""

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
"""For guards that are made only to see whether they can be."""
KEPT = 1000
"""Guards that a process keeps made."""


class ConfiguredGuard(NamedTuple):
    """A guard, and how it is used."""

    use: GuardConfig
    guard: Guard

    @property
    def reads_input(self) -> bool:
        """Whether it looks at requests."""
        return self.use.on != "output"

    @property
    def reads_output(self) -> bool:
        """Whether it looks at answers."""
        return self.use.on != "input"


class GuardSet:
    """The guards of one project: those of all its calls, and of each route."""

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
        """Those over a call to that model or route."""
        return self._routes.get(model, self._everywhere)


class UnavailableGuard:
    """A stored guard that cannot be made any more: it says why when it is to look."""

    Settings: ClassVar[type[Record]] = GuardConfig
    reads: ClassVar[Reads] = "all"
    every: ClassVar[int | None] = None

    def __init__(self, settings: VongError, aids: GuardDependencies) -> None:
        del aids
        self._reason = settings

    async def look(self, text: str, ask: Any) -> Sequence[Detection]:
        """Say why."""
        del text, ask
        raise self._reason


class GuardFactory:
    """Makes guards, each once for its settings: patterns are compiled and examples embedded once."""

    def __init__(self, aids: GuardDependencies = NO_AIDS) -> None:
        self._aids = aids
        self._made: OrderedDict[str, Guard] = OrderedDict()
        self._lock = Lock()

    def posts(self, routes: Sequence[Route], project: ProjectGuards | None) -> GuardSet | None:
        """The guards of a project; None where it has none."""
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
        """One guard at its post. NotFound and InvalidInput where it cannot be made."""
        return ConfiguredGuard(use, make(use, self._aids))

    def post(self, use: GuardConfig) -> ConfiguredGuard:
        """One guard at its post; one that cannot be made lets nothing through."""
        key = content_hash({"guard": use.guard, "settings": use.settings})
        with self._lock:
            guard = self._made.get(key)
            if guard is None:
                try:
                    guard = make(use, self._aids)
                except Misconfigured as error:  # it may be mended without a change of the guard
                    return ConfiguredGuard(use, UnavailableGuard(error, self._aids))
                except VongError as error:
                    guard = UnavailableGuard(error, self._aids)
                self._made[key] = guard
                if len(self._made) > KEPT:
                    self._made.popitem(last=False)
        return ConfiguredGuard(use, guard)


def make(use: GuardConfig, aids: GuardDependencies) -> Guard:
    """A guard of a kind that is installed. NotFound and InvalidInput say what is wrong with what was set."""
    kind, settings = settings_of(opened(use, aids.open))
    return kind(settings, aids)


def check(uses: Sequence[GuardConfig]) -> None:
    """InvalidInput or NotFound where one of these cannot stand guard as it is set."""
    for use in uses:
        make(use, NO_AIDS)
        if use.action not in actions(plugins.load("guard", use.guard)):
            hint = "its findings have no places: use block or flag"
            raise InvalidInput(f"the guard {use.guard!r} cannot mask", hint)
        if use.action == "retry" and use.on != "output":
            raise InvalidInput("only answers can be asked for once more", 'set "on": "output" with "action": "retry"')


def actions(kind: type[Any]) -> tuple[Action, ...]:
    """What can be done of what such a guard finds."""
    return ("block", "mask", "flag", "retry") if issubclass(kind, SpanGuard) else ("block", "flag", "retry")


def kinds() -> list[GuardType]:
    """Every guard that is installed, by name."""
    return [_kind(name, plugins.load("guard", name)) for name in plugins.names("guard")]


def _kind(name: str, kind: type[Any]) -> GuardType:
    streams = f"every {kind.every} characters" if kind.every else "at the end"
    streams = "as they come" if "mask" in actions(kind) else streams
    about = " ".join((kind.__doc__ or "").split())
    return GuardType(
        name=name, about=about, actions=actions(kind), streams=streams, settings=kind.Settings.model_json_schema()
    )
