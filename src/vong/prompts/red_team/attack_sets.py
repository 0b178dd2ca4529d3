"""Attack sets of a project, and the built-in one."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert

from vong.errors import InvalidInput, NotFound, did_you_mean
from vong.prompts.red_team.attacks import Attack
from vong.prompts.red_team.builtin import BUILTIN, load_builtin
from vong.prompts.red_team.tables import attack_sets
from vong.records import Record, now


class AttackSet(Record):
    """Attack set: its name, the hash of its content, and the number of attacks and harmless requests per class.

    The built-in set has no author and no time.
    """

    name: str
    hash: str
    attacks: int
    harmless: int
    classes: dict[str, int]
    created_by: str | None = None
    created_at: datetime | None = None


def hash_attacks(attacks: Sequence[Attack]) -> str:
    """Return the hash of the contents of attacks, independent of their order."""
    return hashlib.sha256("\n".join(sorted(attack.id for attack in attacks)).encode()).hexdigest()


def store_set(connection: Connection, name: str, attacks: Sequence[Attack], *, by: str) -> AttackSet:
    """Store an attack set. A set of the same name is replaced; finished runs keep their attacks.

    Raises: InvalidInput if the name is that of the built-in set.
    """
    if name == BUILTIN:
        raise InvalidInput(f"{BUILTIN!r} is the name of the built-in attack set", "choose another name")
    at = now()
    values = {
        "hash": hash_attacks(attacks),
        "attacks": [attack.model_dump(mode="json") for attack in attacks],
        "created_by": by,
        "created_at": at,
    }
    statement = insert(attack_sets).values(name=name, **values)
    statement = statement.on_conflict_do_update(index_elements=["project_id", "name"], set_=values)
    connection.execute(statement)
    return _summarize(name, attacks, by=by, at=at)


def get_attacks(connection: Connection, name: str) -> tuple[Attack, ...]:
    """Return the attacks of a set.

    Raises: NotFound if there is no such set.
    """
    if name == BUILTIN:
        return load_builtin()
    found = connection.scalar(select(attack_sets.c.attacks).where(attack_sets.c.name == name))
    if found is None:
        names = [BUILTIN, *connection.scalars(select(attack_sets.c.name).order_by(attack_sets.c.name))]
        raise NotFound(f"no attack set named {name!r}", did_you_mean(name, names, "vong prompts redteam-sets"))
    return tuple(Attack.model_validate(attack) for attack in found)


def list_sets(connection: Connection) -> list[AttackSet]:
    """Return the built-in set and the sets of the project by name."""
    builtin = _summarize(BUILTIN, load_builtin())
    rows = connection.execute(select(attack_sets).order_by(attack_sets.c.name)).mappings()
    return [
        builtin,
        *(
            _summarize(
                row["name"],
                [Attack.model_validate(attack) for attack in row["attacks"]],
                by=row["created_by"],
                at=row["created_at"],
            )
            for row in rows
        ),
    ]


def delete_set(connection: Connection, name: str) -> None:
    """Delete an attack set.

    Raises: NotFound if there is no such set.
    """
    if not connection.execute(delete(attack_sets).where(attack_sets.c.name == name)).rowcount:
        raise NotFound(f"no attack set named {name!r}", "list them with: vong prompts redteam-sets")


def _summarize(name: str, attacks: Sequence[Attack], *, by: str | None = None, at: datetime | None = None) -> AttackSet:
    classes: dict[str, int] = {}
    for attack in attacks:
        classes[attack.attack_class] = classes.get(attack.attack_class, 0) + 1
    harmless = sum(attack.harmless for attack in attacks)
    return AttackSet(
        name=name,
        hash=hash_attacks(attacks),
        attacks=len(attacks) - harmless,
        harmless=harmless,
        classes=classes,
        created_by=by,
        created_at=at,
    )
