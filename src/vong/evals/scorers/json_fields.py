"""Share of correct fields of a JSON output."""

from vong.evals.scorers.base import MetricValue, Scorer, mean_metric
from vong.evals.scorers.texts import compose, json_equal, parse_json

GROUP = "json"


def json_fields(fields: tuple[str, ...] = (), fenced: bool = False) -> Scorer:
    """Score each field 1 if the output's value equals the reference's, else 0 (`json_fields.NAME`).

    `json_fields` is the share of correct fields of an output. Totals are means over the outputs whose reference has the
    field.

    `fields`: score only these fields instead of all fields of the reference object. `fenced`: accept a Markdown code
    fence around the JSON. Names and texts are compared in Unicode's composed form (NFC), numbers by value.
    """

    def measure(answer: str, reference: str) -> dict[str, MetricValue]:
        expected, actual = parse_json(reference), parse_json(answer, fenced=fenced)
        if not isinstance(expected, dict):
            return {}
        names = [name for name in fields or expected if name in expected]
        values = {compose(name): value for name, value in actual.items()} if isinstance(actual, dict) else {}
        correct = {
            name: compose(name) in values and json_equal(values[compose(name)], expected[name]) for name in names
        }
        if not correct:
            return {}
        by_field = {f"json_fields.{name}": mean_metric(value) for name, value in correct.items()}
        return {"json_fields": mean_metric(sum(correct.values()) / len(correct)), **by_field}

    shown = "+".join(fields) or "reference"
    return Scorer(f"json_fields|fields:{shown}|fenced:{'yes' if fenced else 'no'}|form:NFC", measure)
