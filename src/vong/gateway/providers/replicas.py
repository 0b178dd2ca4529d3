"""Choice of a replica of a local deployment: by load, and by the beginning of the conversation.

Calls with the same beginning go to the same replica, whose prefix cache holds it, while the load of this replica is at
most LOAD_FACTOR times the average. Otherwise the next replica in the order of this beginning takes the call (consistent
hashing with bounded loads).
"""

import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from math import ceil
from typing import Any, NamedTuple

import msgspec

LOAD_FACTOR = 1.25
UNREACHABLE_SECONDS = 5.0
"""Seconds for which a replica without connection is tried after all others."""
MAX_REPORT_AGE_SECONDS = 5.0
"""Age up to which a load report of an engine is used."""
MAX_PREFIX_CHARS = 2000
"""Characters of each text that identify the beginning of a conversation."""
MAX_REPLICAS = 1000


class ReplicaEndpoint(NamedTuple):
    """OpenAI-compatible URL of a replica (with `/v1`) and its bearer token."""

    url: str
    token: str


class _Beginning(msgspec.Struct):
    """Fields of a request that tell where its conversation begins."""

    messages: list[msgspec.Raw] = msgspec.field(default_factory=list[msgspec.Raw])
    prompt: Any = None
    input: Any = None


class _Role(msgspec.Struct):
    role: str = ""


class ReplicaLoad:
    """Load of one replica: calls of this process in flight, and what its engine reported last."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.unreachable_until = 0.0
        self._others = 0
        """Calls of other processes at the time of the report."""
        self._reported_at = -MAX_REPORT_AGE_SECONDS

    def report(self, calls: int, at: float) -> None:
        """Record the number of calls that the engine computes or queues."""
        self._others, self._reported_at = max(0, calls - self.in_flight), at

    def calls(self, at: float) -> int:
        """Return the number of calls: those of this process, and those of others by the last report."""
        return self.in_flight + (self._others if at - self._reported_at < MAX_REPORT_AGE_SECONDS else 0)


class ReplicaBalancer:
    """Loads of all replicas, by URL, as this process knows them. Use it on one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._loads: dict[str, ReplicaLoad] = {}

    def load(self, url: str) -> ReplicaLoad:
        """Return the load of a replica."""
        load = self._loads.get(url)
        if load is None:
            if len(self._loads) >= MAX_REPLICAS:  # URLs of replicas that have ended
                self._loads = {url: load for url, load in self._loads.items() if load.in_flight}
            load = self._loads[url] = ReplicaLoad()
        return load

    def order(self, urls: Sequence[str], body: bytes) -> list[int]:
        """Return the indices of replicas in the order in which a call tries them."""
        if len(urls) == 1:
            return [0]
        at = self.clock()
        loads = [self.load(url) for url in urls]
        calls = [load.calls(at) for load in loads]
        bound = ceil(LOAD_FACTOR * (sum(calls) + 1) / len(urls))
        beginning = conversation_beginning(body)
        ranks = [blake2b(url.encode() + b"\n" + beginning, digest_size=8).digest() for url in urls]

        def preference(index: int) -> tuple[bool, bool, int, bytes]:
            is_full = not beginning or calls[index] >= bound
            return loads[index].unreachable_until > at, is_full, calls[index] if is_full else 0, ranks[index]

        return sorted(range(len(urls)), key=preference)

    def mark_unreachable(self, url: str) -> None:
        """Try a replica after all others for a while, because it accepts no connection."""
        self.load(url).unreachable_until = self.clock() + UNREACHABLE_SECONDS


def conversation_beginning(body: bytes) -> bytes:
    """Return bytes that are equal for all turns of a conversation: its messages up to the first one of the user.

    For a request without messages they are the beginning of its prompt. They are empty if there is none.
    """
    try:
        request = msgspec.json.decode(body, type=_Beginning)
        if not request.messages:
            text = request.prompt if request.prompt is not None else request.input
            return msgspec.json.encode(text)[:MAX_PREFIX_CHARS] if text is not None else b""
        parts: list[bytes] = []
        for message in request.messages:
            parts.append(bytes(message)[:MAX_PREFIX_CHARS])
            if msgspec.json.decode(message, type=_Role).role == "user":
                break
        return b"\n".join(parts)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return b""
