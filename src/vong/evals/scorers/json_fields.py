"""How many fields of a JSON answer are right."""

from vong.evals.scorers.base import MetricValue, Scorer, share
from vong.evals.scorers.texts import equal, read_json


def json_fields(fields: tuple[str, ...] = (), fenced: bool = False) -> Scorer:
    """For each field 1 where the answer's value equals the reference's, else 0 (`json_fields.NAME`), and the share of
    right fields of an answer (`json_fields`); totals are means over the answers whose reference has the field.

    `fields`: only these; else all fields of the reference object. `fenced`: a Markdown code fence is forgiven.
    """

    def measure(answer: str, reference: str) -> dict[str, MetricValue]:
        wanted, given = read_json(reference), read_json(answer, fenced=fenced)
        if not isinstance(wanted, dict):
            return {}
        names = [name for name in fields or wanted if name in wanted]
        right = {name: isinstance(given, dict) and name in given and equal(given[name], wanted[name]) for name in names}
        if not right:
            return {}
        each = {f"json_fields.{name}": share(value) for name, value in right.items()}
        return {"json_fields": share(sum(right.values()) / len(right)), **each}

    shown = "+".join(fields) or "reference"
    return Scorer(f"json_fields|fields:{shown}|fenced:{'yes' if fenced else 'no'}", measure)
