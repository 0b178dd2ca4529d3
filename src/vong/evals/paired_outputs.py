"""Scores of two runs over the examples that both contain, as columns, and pages of these examples."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy import Connection, Text, cast, func, select

from vong.evals import tables
from vong.evals.eval_change import ChangeFilter, EvalChange

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
JOINED_ROWS = 20_000
"""Rows whose JSON values the database joins into one text."""


class PairedScores:
    """Scores of runs a and b over their common examples, in the order of `positions`.

    Only columns that a comparison needs are read: 100,000 examples take less than a second.
    """

    def __init__(self, connection: Connection, a: UUID, b: UUID) -> None:
        sides = [_read_column(connection, id, tables.outputs.c.scores) for id in (a, b)]
        self.positions = np.intersect1d(sides[0][0], sides[1][0], assume_unique=True)
        self.left_out = len(np.setxor1d(sides[0][0], sides[1][0], assume_unique=True))
        self._scores = [[scores[i] for i in np.searchsorted(positions, self.positions)] for positions, scores in sides]
        self._connection, self._ids = connection, (a, b)

    def values(self, metric: str) -> tuple[Integers, Floats, Floats]:
        """Return the indexes of the examples that have a metric in both runs, and its values in a and b."""
        columns = [np.array([scores.get(metric, np.nan) for scores in side], dtype=np.float64) for side in self._scores]
        indexes = np.flatnonzero(~np.isnan(columns[0]) & ~np.isnan(columns[1]))
        return indexes, columns[0][indexes], columns[1][indexes]

    def statistics(self, metric: str, indexes: Integers) -> tuple[Floats, Floats]:
        """Return the statistics of a metric in a and b, shape [n, k], for the examples with these indexes."""
        wanted = self.positions[indexes]
        found: list[Floats] = []
        for id in self._ids:
            positions, decoded = _read_column(self._connection, id, tables.outputs.c.statistics[metric])
            found.append(np.array(decoded, dtype=np.float64)[np.searchsorted(positions, wanted)])
        return found[0], found[1]

    @property
    def metrics(self) -> list[str]:
        """Return the names of the metrics of a."""
        return sorted({metric for scores in self._scores[0] for metric in scores})


def find_changed(connection: Connection, a: UUID, b: UUID) -> Integers:
    """Return the positions of the common examples whose outputs differ, in order."""
    one, other = tables.outputs.alias("one"), tables.outputs.alias("other")
    query = select(func.array_agg(one.c.position)).select_from(
        one.join(other, sa.and_(one.c.position == other.c.position, other.c.run_id == b))
    )
    found = connection.scalar(query.where(one.c.run_id == a, one.c.answer != other.c.answer))
    return np.sort(np.array(found or [], dtype=np.int64))


def read_changes(connection: Connection, a: UUID, b: UUID, positions: Collection[int]) -> list[EvalChange]:
    """Return the examples at these positions with both outputs, in the given order."""
    one, other, source = _join(a, b)
    query = _select_changes(one, other, source).where(one.c.position.in_([int(at) for at in positions]))
    rows = [EvalChange.model_validate(dict(row)) for row in connection.execute(query).mappings()]
    found = {row.position: row for row in rows}
    return [found[position] for position in positions if position in found]


def list_changes(
    connection: Connection, a: UUID, b: UUID, selected: ChangeFilter, *, after: int = -1, limit: int | None = 50
) -> list[EvalChange]:
    """Return selected examples by position. `after` is the last position of the previous page."""
    one, other, source = _join(a, b)
    old, new = (side.c.scores[selected.metric].astext.cast(sa.Double) for side in (one, other))
    conditions: list[Any] = [one.c.position > after, old.is_not(None), new.is_not(None)]
    if selected.outcome == "tie":
        conditions.append(old == new)
    elif selected.outcome is not None:
        conditions.append(new > old if (selected.outcome == "win") == selected.higher_is_better else new < old)
    if selected.text:
        fields = (one.c.prompt, one.c.answer, other.c.answer)
        conditions.append(sa.or_(*(field.icontains(selected.text, autoescape=True) for field in fields)))
    if selected.positions is not None:
        conditions.append(one.c.position.in_(sorted(selected.positions)))
    query = _select_changes(one, other, source).where(*conditions).order_by(one.c.position).limit(limit)
    return [EvalChange.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def _join(a: UUID, b: UUID) -> tuple[Any, Any, Any]:
    one, other = tables.outputs.alias("one"), tables.outputs.alias("other")
    condition = sa.and_(one.c.position == other.c.position, one.c.run_id == a, other.c.run_id == b)
    return one, other, one.join(other, condition)


def _select_changes(one: Any, other: Any, source: Any) -> Any:
    return select(
        one.c.position,
        one.c.example,
        one.c.prompt,
        one.c.reference,
        one.c.answer.label("a"),
        other.c.answer.label("b"),
        one.c.scores.label("a_scores"),
        other.c.scores.label("b_scores"),
    ).select_from(source)


def _read_column(connection: Connection, id: UUID, column: Any) -> tuple[Integers, list[Any]]:
    """Return the positions of a run's outputs that have a value of a JSON column, in order, and the values.

    The database joins the texts of many rows into one, which takes half the time of reading row by row.
    """
    columns = tables.outputs.c
    query = select(func.array_agg(columns.position), func.string_agg(cast(column, Text), ","))
    blocks = query.where(columns.run_id == id, column.is_not(None)).group_by(columns.position // JOINED_ROWS)
    positions: list[int] = []
    values: list[Any] = []
    for found, text in connection.execute(blocks):
        positions += found
        values += msgspec.json.decode(f"[{text}]")
    order = np.argsort(np.array(positions, dtype=np.int64))
    return np.array(positions, dtype=np.int64)[order], [values[i] for i in order.tolist()]
