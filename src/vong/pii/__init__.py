"""Find and mask PII (personal data) by patterns, confirmed by checksums and by the words around a value.

Used to clean datasets and to guard calls. Names and postal addresses have no pattern and are not found.

May import no other package of Vong.
"""

from vong.pii.checksums import is_luhn_valid, is_mod97_valid
from vong.pii.patterns import (
    ALL_KINDS,
    DEFAULT_KINDS,
    PiiKind,
    PiiMatch,
    find_pii,
    mask_pii,
    placeholder,
    replace_values,
)
from vong.pii.streaming import stable_length
from vong.pii.structured import StructuredMasker

__all__ = [
    "ALL_KINDS",
    "DEFAULT_KINDS",
    "PiiKind",
    "PiiMatch",
    "StructuredMasker",
    "find_pii",
    "is_luhn_valid",
    "is_mod97_valid",
    "mask_pii",
    "placeholder",
    "replace_values",
    "stable_length",
]
