"""Scorer `groundedness`: the share of sentences that passages in the metadata support."""

from typing import Any

import pytest

from vong.evals.scorers.base import ScorerInput
from vong.evals.scorers.groundedness import groundedness

PASSAGE = "The fee is 40 euros and is paid in June. Students do not pay."


@pytest.mark.parametrize(
    ("output", "value"),
    [
        ("The fee is 40 euros [1].", 1.0),
        ("The fee is 40 euros. It is paid in May.", 0.5),
        ("The fee is 50 euros.", 0.0),
        ("Students pay the fee.", 0.0),
        ("Students do not pay.", 1.0),
    ],
)
def test_changed_facts_are_not_grounded(output: str, value: float) -> None:
    metadata: list[dict[str, Any]] = [{"passages": PASSAGE}, {"passages": [PASSAGE]}, {"passages": [{"text": PASSAGE}]}]
    for given in metadata:
        found = groundedness().score(ScorerInput(output=output, metadata=given))["groundedness"]
        assert found.value == value
        assert (found.detail == "") == (value == 1.0)


def test_outputs_without_passages_or_sentences_are_not_scored() -> None:
    assert groundedness().score(ScorerInput(output="The fee is 40 euros.")) == {}
    assert groundedness().score(ScorerInput(output="Yes.", metadata={"passages": PASSAGE})) == {}
    assert groundedness(field="context").score(ScorerInput(output="The fee.", metadata={"passages": PASSAGE})) == {}
