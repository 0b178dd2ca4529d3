"""Personal data in text: found by patterns, confirmed by checksums where the kind has one, and masked.

Ground for whoever reads texts: datasets are cleaned by it, and calls are guarded. Names and postal addresses have no
pattern and are not found.
"""

from vong.pii.checksums import luhn, mod97
from vong.pii.patterns import ALL, KINDS, Kind, PiiMatch, find, mask, settled

__all__ = ["ALL", "KINDS", "Kind", "PiiMatch", "find", "luhn", "mask", "mod97", "settled"]
