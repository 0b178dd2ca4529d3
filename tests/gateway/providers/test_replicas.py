"""Choice of a replica: load, beginning of the conversation, unreachable replicas."""

import json
from collections import Counter
from typing import Any

from vong.gateway.providers.replicas import UNREACHABLE_SECONDS, ReplicaBalancer, conversation_beginning

URLS = [f"http://10.0.0.{number}:1/v1" for number in range(4)]


def body(user: str, *more: str, system: str = "be short") -> bytes:
    messages: list[Any] = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    messages += [
        {"role": "assistant" if index % 2 == 0 else "user", "content": text} for index, text in enumerate(more)
    ]
    return json.dumps({"model": "m", "messages": messages}).encode()


def test_all_turns_of_a_conversation_go_to_the_same_replica() -> None:
    balancer = ReplicaBalancer()
    first = balancer.order(URLS, body("hello"))
    assert sorted(first) == [0, 1, 2, 3]
    assert balancer.order(URLS, body("hello", "hi", "how are you?")) == first
    assert conversation_beginning(b'{"prompt": "once upon"}') == b'"once upon"'


def test_conversations_are_spread_and_most_stay_if_a_replica_is_added() -> None:
    balancer = ReplicaBalancer()
    chosen = {text: balancer.order(URLS, body(text))[0] for text in map(str, range(400))}
    assert all(60 < count < 140 for count in Counter(chosen.values()).values())
    more = {text: balancer.order([*URLS, "http://10.0.0.9:1/v1"], body(text))[0] for text in chosen}
    assert sum(more[text] == chosen[text] for text in chosen) > 280


def test_a_busy_replica_is_avoided_even_by_its_conversations() -> None:
    balancer = ReplicaBalancer()
    favourite = balancer.order(URLS, body("hello"))[0]
    balancer.load(URLS[favourite]).in_flight = 3
    assert balancer.order(URLS, body("hello"))[0] != favourite
    for url in URLS:
        balancer.load(url).in_flight = 3
    assert balancer.order(URLS, body("hello"))[0] == favourite, "all are equally busy"


def test_calls_without_a_conversation_go_to_the_replica_with_the_fewest_calls() -> None:
    balancer = ReplicaBalancer()
    for url, calls in zip(URLS, (2, 1, 0, 3), strict=True):
        balancer.load(url).in_flight = calls
    assert balancer.order(URLS, b"no json") == [2, 1, 0, 3]
    balancer.load(URLS[2]).report(5, balancer.clock())  # calls of another server
    assert balancer.order(URLS, b"no json")[0] == 1


def test_an_unreachable_replica_is_tried_last_for_a_while() -> None:
    at = [100.0]
    balancer = ReplicaBalancer(lambda: at[0])
    favourite = balancer.order(URLS, body("hello"))[0]
    balancer.mark_unreachable(URLS[favourite])
    assert balancer.order(URLS, body("hello"))[-1] == favourite
    at[0] += UNREACHABLE_SECONDS
    assert balancer.order(URLS, body("hello"))[0] == favourite
