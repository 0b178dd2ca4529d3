"""A tree of targets: which of them answers a call, and which ones after it."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from vong.records.record import Record

Pick = Literal["priority", "weighted", "least_busy", "lowest_latency", "cheapest"]
FACTS = ("key", "user", "session", "tag", "shape", "stream", "tools", "images", "tokens", "max_tokens")
"""What a condition may ask of a call, beside `metadata.NAME`. `tokens` are those of the request, about one for every
four bytes.
"""


class Condition(Record):
    """One thing that must be so: a fact of the call `equals` a value, is `any_of` several, or is `over` or `under` a
    number. A tag equals a value where the call has that tag.
    """

    fact: str = Field(max_length=200)
    equals: str | bool | float | None = None
    any_of: tuple[str | bool | float, ...] = Field(default=(), max_length=100)
    over: float | None = None
    under: float | None = None

    @model_validator(mode="after")
    def _sound(self) -> "Condition":
        if self.fact not in FACTS and not (self.fact.startswith("metadata.") and len(self.fact) > len("metadata.")):
            raise ValueError(f"no fact is named {self.fact!r}: use metadata.NAME or one of {', '.join(FACTS)}")
        if sum([self.equals is not None, bool(self.any_of), self.over is not None, self.under is not None]) != 1:
            raise ValueError("say one of equals, any_of, over and under")
        return self


class RouteNode(Record):
    """A target (`model`), or a group of `nodes` of which `pick` says the order: the first that answers does, the others
    stand in for it. All conditions in `when` must hold, else the node is passed over. `sticky` draws the same lot for
    the same user or session, as long as it may.
    """

    model: str | None = Field(default=None, min_length=1, max_length=500)
    pick: Pick = "priority"
    nodes: Annotated[tuple["RouteNode", ...], Field(max_length=50)] = ()
    weight: float = Field(default=1.0, ge=0, le=1e9)
    when: tuple[Condition, ...] = Field(default=(), max_length=20)
    sticky: Literal["user", "session"] | None = None

    @model_validator(mode="after")
    def _sound(self) -> "RouteNode":
        if (self.model is None) == (not self.nodes):
            raise ValueError("a node is either a target, with model, or a group, with nodes")
        if self.sticky and self.pick != "weighted":
            raise ValueError("only a weighted group is sticky")
        if self.depth() > 5 or len(self.models()) > 100:
            raise ValueError("a tree has at most 5 levels and 100 targets")
        return self

    def depth(self) -> int:
        """Levels, this one included."""
        return 1 + max((node.depth() for node in self.nodes), default=0)

    def models(self) -> list[str]:
        """Every target, in the order in which they are written, each once."""
        if self.model is not None:
            return [self.model]
        return list(dict.fromkeys(model for node in self.nodes for model in node.models()))

    def picks(self) -> set[Pick]:
        """How its groups pick."""
        if self.model is not None:
            return set()
        found: set[Pick] = {self.pick}
        return found.union(*(node.picks() for node in self.nodes))


class ConcurrencyCap(Record):
    """How many calls a target gets at once from one server: `queue` more wait for at most `wait` seconds, then the next
    target is asked.
    """

    at_once: int = Field(ge=1, le=10_000)
    queue: int = Field(default=0, ge=0, le=10_000)
    wait: float = Field(default=5.0, gt=0, le=600)
