"""Routing tree: selects and orders the targets of a call."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from vong.records.record import Record

PickStrategy = Literal["priority", "weighted", "least_busy", "lowest_latency", "cheapest"]
CONDITION_FACTS = ("key", "user", "session", "tag", "endpoint", "stream", "tools", "images", "tokens", "max_tokens")
"""Facts of a call that a condition may test, besides `metadata.NAME`.

`tokens` are the estimated tokens of the request, one per four bytes.
"""


class Condition(Record):
    """Condition on a fact of the call: `equals` a value, is `any_of` several, or is `over` or `under` a number.

    The fact `tag` equals a value if the call has that tag.
    """

    fact: str = Field(max_length=200)
    equals: str | bool | float | None = None
    any_of: tuple[str | bool | float, ...] = Field(default=(), max_length=100)
    over: float | None = None
    under: float | None = None

    @model_validator(mode="after")
    def _check_consistency(self) -> "Condition":
        if self.fact not in CONDITION_FACTS and not (
            self.fact.startswith("metadata.") and len(self.fact) > len("metadata.")
        ):
            raise ValueError(f"unknown fact {self.fact!r}: use metadata.NAME or one of {', '.join(CONDITION_FACTS)}")
        if sum([self.equals is not None, bool(self.any_of), self.over is not None, self.under is not None]) != 1:
            raise ValueError("set exactly one of equals, any_of, over and under")
        return self


class RouteNode(Record):
    """Node of a routing tree: a target (`model`), or a group of `nodes`.

    `pick` is the strategy that orders the nodes of a group: the first is tried first, the others are fallbacks. A node
    is skipped unless all conditions in `when` hold. `sticky` makes the same weighted choice for the same user or
    session, as long as the chosen target is available.
    """

    model: str | None = Field(default=None, min_length=1, max_length=500)
    pick: PickStrategy = "priority"
    nodes: Annotated[tuple["RouteNode", ...], Field(max_length=50)] = ()
    weight: float = Field(default=1.0, ge=0, le=1e9)
    when: tuple[Condition, ...] = Field(default=(), max_length=20)
    sticky: Literal["user", "session"] | None = None

    @model_validator(mode="after")
    def _check_consistency(self) -> "RouteNode":
        if (self.model is None) == (not self.nodes):
            raise ValueError("set either model (a target) or nodes (a group)")
        if self.sticky and self.pick != "weighted":
            raise ValueError("sticky requires pick 'weighted'")
        if self.depth() > 5 or len(self.models()) > 100:
            raise ValueError("a tree has at most 5 levels and 100 targets")
        return self

    def depth(self) -> int:
        """Return the number of levels, including this node."""
        return 1 + max((node.depth() for node in self.nodes), default=0)

    def models(self) -> list[str]:
        """Return the distinct targets in the order in which they are written."""
        if self.model is not None:
            return [self.model]
        return list(dict.fromkeys(model for node in self.nodes for model in node.models()))

    def picks(self) -> set[PickStrategy]:
        """Return the strategies of all groups."""
        if self.model is not None:
            return set()
        found: set[PickStrategy] = {self.pick}
        return found.union(*(node.picks() for node in self.nodes))


class ConcurrencyCap(Record):
    """Limit of concurrent calls per target and server.

    Up to `max_in_flight` calls run at once. Up to `queue` more wait for at most `wait` seconds, then the next target is
    tried.
    """

    max_in_flight: int = Field(ge=1, le=10_000)
    queue: int = Field(default=0, ge=0, le=10_000)
    wait: float = Field(default=5.0, gt=0, le=600)
