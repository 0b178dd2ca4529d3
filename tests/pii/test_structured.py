"""Masking of PII in JSON texts, objects and numbers."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vong.pii import StructuredMasker, mask_pii

CARD = "4111111111111111"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('{"to": "jo@example.org", "n": 1}', '{"to": "[EMAIL]", "n": 1}'),
        ('{"to":"jo@example.org"}', '{"to":"[EMAIL]"}'),
        (f'{{"card": {CARD}, "cards": [{CARD}, 7]}}', '{"card": "[CARD]", "cards": ["[CARD]", 7]}'),
        (
            '{"phone_number": 78651450, "order_id": "0912345678"}',
            '{"phone_number": "[PHONE]", "order_id": "0912345678"}',
        ),
        ('{"to": "jo\\u0040example.org"}', '{"to": "[EMAIL]"}'),
        ('{"dateOfBirth": "1980-05-03"}', '{"dateOfBirth": "[BIRTH_DATE]"}'),
        ('{"a@example.org": 1, "b@example.org": 2}', '{"[EMAIL]": 1, "[EMAIL] 2": 2}'),
        ('[\n  "jo@example.org",\n  1.50\n]', '[\n  "[EMAIL]",\n  1.50\n]'),
        ('{"inner": "{\\"to\\": \\"jo@example.org\\"}"}', '{"inner": "{\\"to\\": \\"[EMAIL]\\"}"}'),
        ("{not json jo@example.org", "{not json [EMAIL]"),
    ],
)
def test_json_stays_json_with_its_spacing(text: str, masked: str) -> None:
    assert StructuredMasker().mask_text(text) == masked


def test_a_number_in_json_within_prose_is_quoted() -> None:
    text = f'Result:\n```json\n{{"card": {CARD}}}\n```'
    assert mask_pii(text)[0] == 'Result:\n```json\n{"card": "[CARD]"}\n```'
    assert mask_pii(f"card: {CARD}")[0] == "card: [CARD]"


def test_values_are_masked_at_every_depth_and_others_are_the_same_objects() -> None:
    masker = StructuredMasker()
    value = {"a": [{"mail": "jo@example.org"}], "card": int(CARD), "flag": True, "none": None, "n": 1.5}
    assert masker.mask_value(value) == {
        "a": [{"mail": "[EMAIL]"}],
        "card": "[CARD]",
        "flag": True,
        "none": None,
        "n": 1.5,
    }
    assert sorted(masker.found) == ["card", "email"]
    plain = {"a": ["b", 1, {"c": 12_345_678}]}
    assert masker.mask_value(plain) is plain


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["jo@example.org", int(CARD)]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(json_values, st.sampled_from([None, 2]), st.booleans())
def test_masked_json_parses_to_the_masked_value(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps({"value": value}, indent=indent, ensure_ascii=ascii_only)
    masked = json.loads(StructuredMasker().mask_text(text))
    assert masked == StructuredMasker().mask_value({"value": value})
    assert "jo@example.org" not in json.dumps(masked) and CARD not in json.dumps(masked)
