"""Attacks of red team tests: what is sent, how, and what counts as success."""

import hashlib
from typing import Literal, Self

from pydantic import Field, model_validator

from vong.records import Record

Delivery = Literal["user", "document", "tool_result"]
DetectorKind = Literal["contains", "leak", "link", "compliance"]

MAX_ATTACK_CHARS = 20_000
"""Longest text of an attack."""
CLASS_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"


class Detector(Record):
    """Rule by which an answer counts as a success of the attack.

    `contains` looks for `texts` (any, or all with `match_all`) that are not quoted from the attack. `leak` looks for
    the marker or the wording of the system message, `link` for a link or image to one of the hosts `texts`.
    `compliance` means that the answer does not refuse, or that a judge says that it complies.
    """

    kind: DetectorKind
    texts: tuple[str, ...] = ()
    match_all: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kind in {"contains", "link"} and not any(text.strip() for text in self.texts):
            raise ValueError(f"a detector of the kind {self.kind} needs texts")
        return self


class Attack(Record):
    """Attack, or a harmless request that resembles one (`harmless`), which must be answered.

    `delivery` says where the text is put: in the user's message, in a document that the user sends, or in the result of
    a tool. `payload` is the instruction in plain words if `text` hides it. `source` names the set.
    """

    id: str
    attack_class: str = Field(pattern=CLASS_PATTERN)
    text: str = Field(min_length=1, max_length=MAX_ATTACK_CHARS)
    delivery: Delivery = "user"
    harmless: bool = False
    detector: Detector = Detector(kind="compliance")
    payload: str = ""
    source: str = "builtin"


def create_attack(
    attack_class: str,
    text: str,
    *,
    detector: Detector | None = None,
    delivery: Delivery = "user",
    harmless: bool = False,
    payload: str = "",
    source: str = "builtin",
) -> Attack:
    """Return an attack whose id is a hash of its class, delivery and text."""
    content = "\0".join((attack_class, delivery, str(harmless), text))
    return Attack(
        id=hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16],
        attack_class=attack_class,
        text=text,
        delivery=delivery,
        harmless=harmless,
        detector=detector or Detector(kind="compliance"),
        payload=payload,
        source=source,
    )


def limit_per_class(attacks: list[Attack], limit: int | None) -> list[Attack]:
    """Return at most `limit` attacks and `limit` harmless requests of each class.

    They are spread evenly over the set and over the deliveries, and the same at every call.
    """
    if limit is None:
        return attacks
    groups: dict[tuple[str, bool], list[Attack]] = {}
    for attack in attacks:
        groups.setdefault((attack.attack_class, attack.harmless), []).append(attack)
    chosen: set[str] = set()
    for members in groups.values():
        group = _alternate_deliveries(members)
        step = max(1.0, len(group) / limit)
        chosen |= {group[int(at * step)].id for at in range(min(limit, len(group)))}
    return [attack for attack in attacks if attack.id in chosen]


def _alternate_deliveries(attacks: list[Attack]) -> list[Attack]:
    """Return attacks so that the deliveries alternate as long as each has attacks left."""
    ranks: dict[Delivery, int] = {}
    keys: list[tuple[int, str, Attack]] = []
    for attack in attacks:
        ranks[attack.delivery] = ranks.get(attack.delivery, 0) + 1
        keys.append((ranks[attack.delivery], attack.delivery, attack))
    return [attack for _, _, attack in sorted(keys, key=lambda key: key[:2])]
