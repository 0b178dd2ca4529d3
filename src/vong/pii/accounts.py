"""Payment cards (ISO/IEC 7812: issuer, length and Luhn) and IBANs (ISO 13616: country, length and mod 97)."""

import re

from vong.pii.checksums import is_luhn_valid, is_mod97_valid

CARD = re.compile(r"(?<![\w.+])(?<![0-9A-Fa-f]{4}-)\d(?:[ .-]?\d){11,30}(?![\w])")
ISSUERS = re.compile(
    r"(?:4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|220[0-4])\d+(?<=^\d{16})"  # Mastercard, Mir
    r"|3[47]\d{13}|3(?:0[0-5]|095|[689])\d+(?<=^\d{14})|(?:1800|2131)\d{11}"  # American Express, Diners Club, old JCB
    r"|(?:3(?:0|5|6|8|9)|6(?:0|2|4|5|011))\d+(?:(?<=^\d{16})|(?<=^\d{19})|(?<=^\d{17})|(?<=^\d{18}))"
    r"|(?:50|5[6-9]|6\d)\d{10,17})$"  # Maestro
)
"""Card numbers by first digits and length."""
CARD_CONTEXT = re.compile(
    r"(?:card|karte|carte|tarjeta|thẻ)(?:[ _-]?(?:number|no\.?|nummer|n°|nº|số))?\W{0,3}(?:(?:is|ist|est|es|là)\W)?$",
    re.IGNORECASE,
)
"""Words before a card number, of which the issuer need not be known."""
MIN_GROUP_DIGITS = 3
"""Digits of every group of a card number but the last one. Shorter groups are a list of numbers."""
IBAN = re.compile(r"\b[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}\b")
IBAN_REGISTRY = (
    "IM90 AD24 AE23 AL28 AO25 AT20 AZ28 BA20 BE16 BF28 BG22 BH22 BI27 BJ28 BR29 BY28 CF27 CG27 CH21 CI28 CM27 "
    "CR22 CV25 CY28 CZ24 DE22 DJ27 DK18 DO28 DZ26 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GA27 GB22 GE22 GI23 GL18 "
    "GQ27 GR27 GT28 GW25 HN28 HR21 HU28 IE22 IL23 IQ23 IR26 IS26 IT27 JO30 KM27 KW30 KZ20 LB28 LC32 LI21 LT20 "
    "LU20 LV21 LY25 MA28 MC27 MD24 ME22 MG27 MK19 ML28 MN20 MR27 MT31 MU30 MZ25 NE28 NI28 NL18 NO15 OM23 PK24 "
    "PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SN28 SO23 ST25 SV28 TD27 TG28 TL23 "
    "TN24 TR26 UA29 VA22 VG24 XK20 YE30"
)
IBAN_LENGTHS = {entry[:2]: int(entry[2:]) for entry in IBAN_REGISTRY.split()}
"""Lengths of IBANs by country (IBAN registry, SWIFT)."""


def card_length(text: str, before: str, after: str) -> int:
    """Return the length of the longest prefix that is a card number and ends after a group of digits, or 0."""
    del after
    if any(sign in " .-" for sign in text[:MIN_GROUP_DIGITS]):
        return 0
    named = CARD_CONTEXT.search(before) is not None
    preceded = re.search(r"\d[ -]$", before) is not None
    ends = [group.end() for group in re.finditer(r"\d+", text)]
    return next((end for end in reversed(ends) if _is_card(text[:end], named, preceded)), 0)


def _is_card(text: str, named: bool, preceded: bool) -> bool:
    groups = re.split(r"[ .-]", text)
    digits = "".join(groups)
    if any(len(group) < MIN_GROUP_DIGITS for group in groups[:-1]) or ("." in text and len(groups) not in (3, 4, 5)):
        return False
    if len(digits) < 13 and not named and preceded:  # a part of a longer number
        return False
    known = ISSUERS.match(digits) is not None or (named and 12 <= len(digits) <= 19)
    return known and len(set(digits)) > 1 and is_luhn_valid(digits)


def iban_length(text: str, before: str, after: str) -> int:
    """Return the length of the prefix that is an IBAN, or 0. A word after an IBAN may look like a part of it."""
    del before, after
    expected = IBAN_LENGTHS.get(text[:2].upper(), 0)
    signs = [place for place, sign in enumerate(text) if sign.isalnum()]
    if not expected or len(signs) < expected:
        return 0
    end = signs[expected - 1] + 1
    if end < len(text) and text[end].isalnum():
        return 0
    plain = "".join(text[place] for place in signs[:expected]).upper()
    return end if is_mod97_valid(plain) else 0
