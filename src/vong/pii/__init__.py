"""Find and mask PII (personal data) in text by patterns, confirmed by checksums if the kind has one.

Used to clean datasets and to guard calls. Names and postal addresses have no pattern and are not found.

May import no other package of Vong.
"""

from vong.pii.checksums import luhn, mod97
from vong.pii.patterns import ALL, KINDS, Kind, PiiMatch, find, mask, settled

__all__ = ["ALL", "KINDS", "Kind", "PiiMatch", "find", "luhn", "mask", "mod97", "settled"]
