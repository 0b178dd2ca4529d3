"""Suites: named, versioned sets of datasets with scorers, thresholds and slices."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator
from sqlalchemy import Connection, RowMapping, delete, func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from vong.errors import InvalidInput, NotFound, did_you_mean
from vong.evals import scoring, specs, tables
from vong.evals.prompting import EvalSettings
from vong.evals.slices import check_slice
from vong.records import Record, now
from vong.records.name import check_versioned_name
from vong.records.record import canonical_json

RUN_METRICS = ("failed_share", "truncated_share", "latency_ms", "cost")
"""Metrics that every run has beside those of its scorers: thresholds may name them."""
MAX_ENTRIES = 50
MAX_REPEATS = 20


class Threshold(Record):
    """Bound on a metric of an entry: the value must be `at_least` or `at_most` the bound.

    `scorer` is the metric, such as `exact_match`, `rougeL` or `failed_share`. `slice` restricts the check to one slice,
    such as `language=vi`. `confident` requires the whole interval to be on the right side of the bound. `min_share` is
    the share of answers that must have the metric: a mean over the few that a scorer could score proves nothing about
    the others. Latency and cost are expected of successful requests only.
    """

    scorer: str = Field(min_length=1, max_length=200)
    at_least: float | None = Field(default=None, allow_inf_nan=False)
    at_most: float | None = Field(default=None, allow_inf_nan=False)
    slice: str | None = Field(default=None, min_length=3, max_length=300)
    confident: bool = False
    min_share: float = Field(default=1.0, gt=0, le=1)

    @model_validator(mode="after")
    def _check_bound(self) -> "Threshold":
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError(f"the threshold of {self.scorer!r} needs either at_least or at_most")
        return self

    @property
    def direction(self) -> str:
        """Return `at_least` or `at_most`."""
        return "at_least" if self.at_least is not None else "at_most"

    @property
    def bound(self) -> float:
        """Return the bound."""
        return self.at_least if self.at_least is not None else self.at_most or 0.0


def _scorer_texts(value: Any) -> Any:
    return [specs.to_text(one) for one in value] if isinstance(value, list | tuple) else value


class SuiteEntry(Record):
    """Dataset split with its scorers, settings, slices and thresholds. Every entry is run `repeats` times.

    `dataset` is NAME, NAME@NUMBER or NAME@HASH; a suite stores the version that it names at its creation. `scorers`
    are written as for an evaluation: `NAME`, `NAME:option=value;…`, or objects with name and options.
    """

    dataset: str = Field(min_length=1, max_length=300)
    split: str = Field(default="test", min_length=1, max_length=200)
    scorers: Annotated[tuple[str, ...], BeforeValidator(_scorer_texts)] = ("exact_match",)
    settings: EvalSettings = EvalSettings()
    repeats: int = Field(default=1, ge=1, le=MAX_REPEATS)
    slices: tuple[str, ...] = ()
    thresholds: tuple[Threshold, ...] = ()

    def check(self) -> None:
        """Raise InvalidInput or NotFound if scorers, slices or settings are invalid."""
        scoring.build_scorers(self.scorers)
        for one in self.slices:
            check_slice(one)
        self.settings.check(self.split)
        kinds = [spec.partition(":")[2] or spec.partition(":")[0] for spec in self.slices]
        for threshold in self.thresholds:
            name = (threshold.slice or "").partition("=")[0]
            if threshold.slice is not None and name not in kinds:
                raise InvalidInput(
                    f"the threshold of {threshold.scorer!r} names the slice {threshold.slice!r}, which the entry "
                    f"{self.dataset}/{self.split} does not compute",
                    f"add the slice to it: slices: [{'tag:' if name not in ('language', 'length') else ''}{name}]",
                )


class SuiteDefinition(Record):
    """Content of a suite: a description and its entries."""

    description: str = Field(default="", max_length=2_000)
    entries: tuple[SuiteEntry, ...] = Field(min_length=1, max_length=MAX_ENTRIES)


class Suite(Record):
    """Version of a suite. `hash` is the sha256 of its content; equal content is stored once."""

    name: str
    number: int
    hash: str
    description: str = ""
    entries: tuple[SuiteEntry, ...]
    created_at: datetime

    @property
    def ref(self) -> str:
        """Return the reference of the version: `support@3`."""
        return f"{self.name}@{self.number}"


def create_suite(connection: Connection, name: str, definition: SuiteDefinition) -> Suite:
    """Store a definition as the next version of a suite. The newest version is returned if its content is equal.

    The datasets of the definition must be fixed versions.

    Raises: InvalidInput or NotFound if the name, a scorer, a slice or a threshold is invalid.
    """
    check_versioned_name(name, "suite")
    for entry in definition.entries:
        entry.check()
    content = definition.model_dump(mode="json")
    digest = _hash_content(content)
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"suite:{name}"))))
    newest = next(iter(list_versions(connection, name, limit=1)), None)
    if newest is not None and newest.hash == digest:
        return newest
    values = {"name": name, "number": (newest.number if newest else 0) + 1, "hash": digest, "created_at": now()}
    connection.execute(insert(tables.suites).values(values | content))
    return find_suite(connection, f"{name}@{values['number']}")


def _hash_content(content: dict[str, Any]) -> str:
    """Return the hash of a suite. An entry without `step` has the hash that it had before there were steps."""
    entries = [
        {
            **entry,
            "settings": {name: value for name, value in entry["settings"].items() if (name, value) != ("step", None)},
        }
        for entry in content["entries"]
    ]
    return hashlib.sha256(canonical_json({**content, "entries": entries})).hexdigest()


def find_suite(connection: Connection, ref: str) -> Suite:
    """Return the version of a suite that NAME (the newest) or NAME@NUMBER names.

    Raises: NotFound if there is none. The hint suggests the nearest name.
    """
    name, _, number = ref.partition("@")
    suites = tables.suites.c
    query = select(tables.suites).where(suites.name == name).order_by(suites.number.desc()).limit(1)
    if number:
        wanted = int(number) if number.isdecimal() and len(number) < 10 else -1
        query = query.where(suites.number == wanted)
    row = connection.execute(query).mappings().first()
    if row is not None:
        return _to_suite(row)
    names = sorted(connection.scalars(select(suites.name).distinct()))
    if name in names:
        raise NotFound(f"suite {name!r} has no version {number!r}", f"list them with: vong evals suites show {name}")
    raise NotFound(f"no suite named {name!r}", did_you_mean(name, names, "vong evals suites list"))


def list_suites(connection: Connection, *, after: str | None = None, limit: int = 50) -> list[Suite]:
    """Return the newest version of each suite, by name. `after` is the last name of the previous page."""
    suites = tables.suites.c
    query = select(tables.suites).ext(distinct_on(suites.name)).order_by(suites.name, suites.number.desc())
    if after is not None:
        query = query.where(suites.name > after)
    return [_to_suite(row) for row in connection.execute(query.limit(limit)).mappings()]


def list_versions(connection: Connection, name: str, *, limit: int = 50) -> list[Suite]:
    """Return the versions of a suite, newest first."""
    suites = tables.suites.c
    query = select(tables.suites).where(suites.name == name).order_by(suites.number.desc()).limit(limit)
    return [_to_suite(row) for row in connection.execute(query).mappings()]


def delete_suite(connection: Connection, name: str) -> None:
    """Delete all versions of a suite. Its runs are kept.

    Raises: NotFound if there is none.
    """
    find_suite(connection, name)
    connection.execute(delete(tables.suites).where(tables.suites.c.name == name))


def list_metrics(entry: SuiteEntry, measured: Sequence[str]) -> list[str]:
    """Return the metrics of an entry, those of its scorers first, in their order."""
    labels = [specs.parse(spec).label for spec in entry.scorers]

    def rank(metric: str) -> tuple[int, str]:
        return next((i for i, label in enumerate(labels) if metric.startswith(label)), len(labels)), metric

    return sorted(measured, key=rank)


def _to_suite(row: RowMapping) -> Suite:
    return Suite.model_validate({name: row[name] for name in Suite.model_fields})
