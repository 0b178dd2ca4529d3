"""Find and mask PII (personal data) in text by patterns, confirmed by checksums if the kind has one.

Used to clean datasets and to guard calls. Names and postal addresses have no pattern and are not found.

May import no other package of Vong.
"""

from vong.pii.checksums import is_luhn_valid, is_mod97_valid
from vong.pii.patterns import ALL_KINDS, DEFAULT_KINDS, PiiKind, PiiMatch, find_pii, mask_pii, stable_length

__all__ = [
    "ALL_KINDS",
    "DEFAULT_KINDS",
    "PiiKind",
    "PiiMatch",
    "find_pii",
    "is_luhn_valid",
    "is_mod97_valid",
    "mask_pii",
    "stable_length",
]
