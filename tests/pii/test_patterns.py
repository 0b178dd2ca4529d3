"""PII detection by pattern and checksum, and masking by type."""

import string
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vong.pii import DEFAULT_KINDS, find_pii, is_luhn_valid, is_mod97_valid, mask_pii


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to jo.smith+x@mail.example.org.", "write to [EMAIL]."),
        ("call +44 7700 900782 or (212) 555-0147 now", "call [PHONE] or [PHONE] now"),
        ("gọi 0912 345 678 nhé", "gọi [PHONE] nhé"),
        ("+44 (0)20 7946 0958", "[PHONE]"),
        ("tel:+84 912345678", "tel:[PHONE]"),
        ("Phone:\n467 3395 and call me on 78 651 450", "Phone:\n[PHONE] and call me on [PHONE]"),
        ("(579)888-3058 fax, 345-899-3560x45,+447700 208 815", "[PHONE] fax, [PHONE]x45,[PHONE]"),
        ("card 675984103431", "card [CARD]"),
        ("card 4111 1111 1111 1111.", "card [CARD]."),
        ("IBAN GB82 WEST 1234 5698 7654 32 thanks", "IBAN [IBAN] thanks"),
        ("DE89370400440532013000", "[IBAN]"),
        ("from 192.168.1.20 and 2001:db8::8a2e", "from [IP] and [IP]"),
        ("date of birth: 12/04/1985", "date of birth: [BIRTH_DATE]"),
        ("I was born on 3 May 1990.", "I was born on [BIRTH_DATE]."),
    ],
)
def test_pii_is_masked_by_type(text: str, masked: str) -> None:
    assert mask_pii(text)[0] == masked


@pytest.mark.parametrize(
    "text",
    [
        "order 40557-22113 of 2024-01-15 12:30",
        "card 4111 1111 1111 1112",
        "IBAN GB82 WEST 1234 5698 7654 33",
        "version 1.2.3.4 at 10:20:30",
        "127.0.0.1 and ::1 are nobody's",
        "680.000đ, 1.234.567.890, 12/04/1985",
        "ticket T-0012, 0123456789012345 and 999.1.2.3",
        "user@localhost",
        "order 123456789015, sofa 78 651 450",
        "they called on 12/04/2025",
    ],
)
def test_text_that_only_resembles_pii_is_unchanged(text: str) -> None:
    assert mask_pii(text) == (text, [])


@settings(max_examples=100, deadline=None)
@given(st.text(string.digits, min_size=12, max_size=18))
def test_every_card_number_has_exactly_one_check_digit(digits: str) -> None:
    assert sum(is_luhn_valid(digits + digit) for digit in string.digits) == 1


def test_an_iban_with_two_digits_swapped_fails_its_check() -> None:
    assert is_mod97_valid("NL66MOSS8609667628")
    assert not is_mod97_valid("NL66MOSS8609667682")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["jo@example.org", "4111 1111 1111 1111", "+44 7700 900782"]))
def test_masking_is_idempotent(text: str, secret: str) -> None:
    once, _ = mask_pii(f"{text} {secret} {text}")
    assert secret not in once
    assert mask_pii(once)[0] == once


def test_detections_do_not_overlap_and_types_can_be_selected() -> None:
    text = "4111 1111 1111 1111, jo@example.org, 192.168.1.20"
    found = find_pii(text)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert {item.kind for item in found} <= set(DEFAULT_KINDS)
    assert mask_pii(text, ("ip",))[0] == "4111 1111 1111 1111, jo@example.org, [IP]"
