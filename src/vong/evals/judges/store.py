"""Storage of judges and of their judgements."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from vong.errors import Conflict, InvalidInput, NotFound, did_you_mean
from vong.evals import judge_tables as tables
from vong.evals.judges.definitions import JudgeDefinition
from vong.evals.judges.inputs import Judgement
from vong.evals.scorers.texts import to_storable_json
from vong.records import Record, now
from vong.records.name import check_name
from vong.store.spans.schema import spans

LIST_HINT = "vong evals judges list"


class JudgeVersion(Record):
    """Version of a judge. `current` is the one that the bare name means.

    `tuning` is the evidence of a tuned version: its agreement with held-out labels beside that of the version that it
    came from.
    """

    name: str
    version: str
    definition: JudgeDefinition
    current: bool
    tuning: dict[str, Any] | None = None
    author: str = ""
    created_at: datetime

    @property
    def ref(self) -> str:
        """Return `NAME@VERSION`."""
        return f"{self.name}@{self.version}"


def save_judge(
    connection: Connection,
    name: str,
    definition: JudgeDefinition,
    *,
    author: str,
    current: bool = True,
    tuning: Mapping[str, Any] | None = None,
) -> JudgeVersion:
    """Store a version of a judge and make it current, unless it is only a candidate.

    An existing version is returned unchanged, except that it becomes current. The members of a jury are stored with
    their versions, so that a changed member makes another jury.

    Raises: InvalidInput if the definition contradicts itself; NotFound if a member does not exist.
    """
    check_name(name, "judge")
    definition = _pin_members(connection, name, definition)
    definition.check()
    content = definition.model_dump(mode="json")
    if to_storable_json(content) != content:
        raise InvalidInput("the definition contains NUL or incomplete characters", "remove them from its texts")
    values = {
        "name": name,
        "version": definition.version,
        "definition": content,
        "current": False,
        "tuning": to_storable_json(dict(tuning)) if tuning is not None else None,
        "author": author,
        "created_at": now(),
    }
    connection.execute(insert(tables.judges).values(values).on_conflict_do_nothing())
    if current:
        return use_version(connection, f"{name}@{definition.version}")
    return find_judge(connection, f"{name}@{definition.version}")


def use_version(connection: Connection, ref: str) -> JudgeVersion:
    """Make a version the one that the bare name of its judge means."""
    chosen = find_judge(connection, ref)
    columns = tables.judges.c
    same_name = columns.name == chosen.name
    connection.execute(update(tables.judges).where(same_name, columns.current).values(current=False))
    connection.execute(update(tables.judges).where(same_name, columns.version == chosen.version).values(current=True))
    return chosen.model_copy(update={"current": True})


def find_judge(connection: Connection, ref: str) -> JudgeVersion:
    """Return the current version of `NAME`, or the version `NAME@VERSION` (at least 4 digits of its hash).

    Raises: NotFound if there is no such judge or version; InvalidInput if several versions begin with the digits.
    """
    name, _, version = ref.partition("@")
    columns = tables.judges.c
    query = select(tables.judges).where(columns.name == name)
    query = query.where(columns.version.startswith(version, autoescape=True) if version else columns.current)
    rows = connection.execute(query).mappings().all()
    if len(rows) > 1:
        raise InvalidInput(f"{len(rows)} versions of the judge {name!r} begin with {version!r}", "write more digits")
    if rows and (not version or len(version) >= 4):
        return _to_version(rows[0])
    names = list(connection.scalars(select(columns.name).distinct().order_by(columns.name)))
    if name in names:
        wanted = f"version {version!r}" if version else "current version"
        raise NotFound(f"the judge {name!r} has no {wanted}", f"list its versions with: vong evals judges show {name}")
    raise NotFound(f"no judge named {name!r}", did_you_mean(name, names, LIST_HINT))


def list_judges(connection: Connection) -> list[JudgeVersion]:
    """Return the current version of every judge, by name."""
    query = select(tables.judges).where(tables.judges.c.current).order_by(tables.judges.c.name)
    return [_to_version(row) for row in connection.execute(query).mappings()]


def list_versions(connection: Connection, name: str) -> list[JudgeVersion]:
    """Return all versions of a judge, newest first.

    Raises: NotFound if there is no such judge.
    """
    columns = tables.judges.c
    query = select(tables.judges).where(columns.name == name).order_by(columns.created_at.desc(), columns.version)
    found = [_to_version(row) for row in connection.execute(query).mappings()]
    return found or [find_judge(connection, name)]


def delete_judge(connection: Connection, name: str) -> None:
    """Delete a judge with its versions and calibrations. Judgements stay, because other judges may have made them.

    Raises: NotFound if there is no such judge; Conflict if a jury has it as a member.
    """
    find_judge(connection, name)
    for other in list_judges(connection):
        if any(member.partition("@")[0] == name for member in other.definition.members):
            raise Conflict(f"the judge {name!r} is a member of the jury {other.name!r}", "delete the jury first")
    connection.execute(delete(tables.judges).where(tables.judges.c.name == name))
    connection.execute(delete(tables.calibrations).where(tables.calibrations.c.judge == name))


def find_members(connection: Connection, judge: JudgeVersion) -> list[JudgeVersion]:
    """Return the versions of the members of a jury. Other judges have none."""
    return [find_judge(connection, member) for member in judge.definition.members]


def load_judgement(connection: Connection, judge: JudgeVersion, input_hash: str) -> Judgement | None:
    """Return the stored judgement of a version about an input, or None."""
    columns = tables.judgements.c
    query = select(columns.judgement, columns.cost).where(
        columns.version == judge.version, columns.input_hash == input_hash
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    stored = Judgement.model_validate(row.judgement)
    return stored.model_copy(update={"judge": judge.ref, "cost": row.cost, "cached": True})


def store_judgement(connection: Connection, judge: JudgeVersion, judgement: Judgement) -> None:
    """Store a judgement for later inputs with the same hash, in place of an earlier one. Errors are not stored."""
    if judgement.error is not None:
        return
    content = to_storable_json(judgement.model_dump(mode="json", exclude={"cost", "cached"}))
    values = {
        "version": judge.version,
        "input_hash": judgement.input_hash,
        "judgement": content,
        "span_ids": list(judgement.span_ids),
        "cost": judgement.cost,
        "created_at": judgement.created_at,
    }
    statement = insert(tables.judgements).values(values)
    replaced = {name: statement.excluded[name] for name in ("judgement", "span_ids", "cost", "created_at")}
    index = ["project_id", "version", "input_hash"]
    connection.execute(statement.on_conflict_do_update(index_elements=index, set_=replaced))


def find_costs(connection: Connection, judgements: Sequence[Judgement]) -> list[int | None]:
    """Return the cost of each judgement from its spans, and store it. Null if a price or a span is missing.

    Spans are written shortly after the answers, so that a cost may be known only later.
    """
    missing = {id for one in judgements if one.cost is None for id in one.span_ids}
    query = select(spans.c.id, spans.c.cost).where(spans.c.id.in_(missing))
    known = {row.id: row.cost for row in connection.execute(query)} if missing else {}
    costs: list[int | None] = []
    for one in judgements:
        parts = [known.get(id) for id in one.span_ids]
        total = one.cost if one.cost is not None else _sum_known(parts)
        costs.append(total)
        if one.cost is None and total is not None and one.error is None:
            columns = tables.judgements.c
            changed = update(tables.judgements).where(
                columns.input_hash == one.input_hash, columns.version == one.judge.partition("@")[2]
            )
            connection.execute(changed.values(cost=total))
    return costs


def _sum_known(parts: Sequence[int | None]) -> int | None:
    known = [part for part in parts if part is not None]
    return sum(known) if known and len(known) == len(parts) else None


def _pin_members(connection: Connection, name: str, definition: JudgeDefinition) -> JudgeDefinition:
    if definition.kind != "jury":
        return definition
    members = [find_judge(connection, member) for member in definition.members]
    if any(member.definition.kind == "jury" for member in members):
        raise InvalidInput(f"a member of the jury {name!r} is a jury", "name the members of that jury instead")
    forms = {
        (member.definition.form, member.definition.scale if member.definition.form == "score" else None)
        for member in members
    }
    if len(forms) > 1:
        raise InvalidInput(
            f"the members of the jury {name!r} return verdicts of different kinds or scales",
            "name judges of one kind with the same scale",
        )
    refs = tuple(dict.fromkeys(member.ref for member in members))
    if not members:
        return definition
    first = members[0].definition
    kind = first.form if first.form != "score" else "rubric"
    return definition.model_copy(update={"members": refs, "member_kind": kind, "scale": first.scale})


def _to_version(row: Mapping[Any, Any]) -> JudgeVersion:
    return JudgeVersion.model_validate({name: row[name] for name in JudgeVersion.model_fields})
