"""Checksums of card numbers, bank accounts, and the identity numbers that states issue."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date

DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
ODD_LETTER_VALUES = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
ODD_POSITION_VALUES = {
    **{str(digit): ODD_LETTER_VALUES[digit] for digit in range(10)},
    **{chr(65 + n): value for n, value in enumerate(ODD_LETTER_VALUES)},
}
"""Value of a character in an odd position of a codice fiscale (decree of 23 December 1976, table 2)."""
VERHOEFF_PRODUCTS = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
VERHOEFF_PERMUTATIONS = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
"""Multiplication table and permutations of Verhoeff's code (Error Detecting Decimal Codes, 1969)."""


def is_luhn_valid(digits: str) -> bool:
    """Return True if the check digit of a card number is correct."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_mod97_valid(iban: str) -> bool:
    """Return True if the check digits of an IBAN are correct.

    Read as a number, with letters as 10 to 35, the IBAN is 1 mod 97.
    """
    moved = iban[4:] + iban[:4]
    return int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


def is_verhoeff_valid(digits: str) -> bool:
    """Return True if the Verhoeff check digit of a number is correct."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(VERHOEFF_PRODUCTS[check][int(VERHOEFF_PERMUTATIONS[place % 8][int(digit)])])
    return check == 0


def weighted_sum(digits: str, weights: Sequence[int]) -> int:
    """Return the sum of the digits, each multiplied by its weight."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def is_ssn(text: str) -> bool:
    """Return True for a US social security number.

    It has no check digit, but the areas, groups and serials that were never issued are known.
    """
    area, group, serial = re.split("[- ]", text)
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000" and area != "987"


def is_aadhaar(text: str) -> bool:
    """Return True for an Indian Aadhaar: twelve digits with a Verhoeff check digit. The first digit is 2 or more."""
    digits = _keep_digits(text)
    return digits[0] > "1" and is_verhoeff_valid(digits)


def is_cpf(text: str) -> bool:
    """Return True for a Brazilian CPF, which has two check digits mod 11."""
    digits = _keep_digits(text)
    if len(set(digits)) == 1:
        return False
    return all(
        weighted_sum(digits, range(size + 1, 1, -1)) * 10 % 11 % 10 == int(digits[size]) for size in (9, 10)
    )  # the weights end at 2 before the check digit


def is_pesel(text: str) -> bool:
    """Return True for a Polish PESEL: a date of birth and a check digit mod 10."""
    century, month = divmod(int(text[2:4]), 20)
    year = {0: 1900, 1: 2000, 2: 2100, 3: 2200, 4: 1800}[century] + int(text[:2])
    return _is_date(year, month, int(text[4:6])) and weighted_sum(text, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def is_nir(text: str) -> bool:
    """Return True for a French NIR: thirteen digits (letters for Corsica) and 97 minus the number mod 97."""
    plain = re.sub(r"\s", "", text).upper()
    number = plain[:13].replace("2A", "19").replace("2B", "18")
    return number.isdigit() and 97 - int(number) % 97 == int(plain[13:])


def is_dni(text: str) -> bool:
    """Return True for a Spanish DNI: eight digits (or X, Y, Z and seven digits) and a letter mod 23."""
    plain = text.replace("-", "").upper()
    digits = {"X": "0", "Y": "1", "Z": "2"}.get(plain[0], plain[0]) + plain[1:-1]
    return DNI_LETTERS[int(digits) % 23] == plain[-1]


def is_codice_fiscale(text: str) -> bool:
    """Return True for an Italian codice fiscale: sixteen characters, the last one a letter mod 26."""
    plain = text.upper()
    even = sum(int(sign) if sign.isdigit() else ord(sign) - ord("A") for sign in plain[1:15:2])
    return chr((sum(ODD_POSITION_VALUES[sign] for sign in plain[0:15:2]) + even) % 26 + ord("A")) == plain[15]


def is_nhs_number(text: str) -> bool:
    """Return True for an English NHS number: ten digits mod 11."""
    digits = _keep_digits(text)
    return (11 - weighted_sum(digits[:9], range(10, 1, -1)) % 11) % 11 == int(digits[9])


def is_bsn(text: str) -> bool:
    """Return True for a Dutch BSN: nine digits that pass the eleven test."""
    digits = _keep_digits(text)
    return digits != "000000000" and (weighted_sum(digits[:8], range(9, 1, -1)) - int(digits[8])) % 11 == 0


def is_sin(text: str) -> bool:
    """Return True for a Canadian SIN: nine digits with a Luhn check digit. The first digit is neither 0 nor 8."""
    digits = _keep_digits(text)
    return digits[0] not in "08" and is_luhn_valid(digits)


def is_personnummer(text: str) -> bool:
    """Return True for a Swedish personnummer: a date of birth, three digits, and a Luhn digit over the last ten."""
    digits = _keep_digits(text)[-10:]
    return _is_date(1904, int(digits[2:4]), int(digits[4:6])) and is_luhn_valid(digits)  # 1904 had a 29 February


def _keep_digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


NATIONAL_ID_FORMATS: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "aadhaar": (r"\d{4}[ -]\d{4}[ -]\d{4}", is_aadhaar),
    "cpf": (r"\d{3}\.\d{3}\.\d{3}-\d{2}", is_cpf),
    "nir": (r"[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}", is_nir),
    "dni": (r"(?:\d{8}|[XYZxyz]-?\d{7})-?[A-Za-z]", is_dni),
    "codice_fiscale": (r"[A-Za-z]{6}\d{2}[A-Za-z]\d{2}[A-Za-z]\d{3}[A-Za-z]", is_codice_fiscale),
    "personnummer": (r"(?:19|20)?\d{6}[-+]\d{4}", is_personnummer),
    "pesel": (r"\d{11}", is_pesel),
    "nhs": (r"\d{3}[ -]?\d{3}[ -]?\d{4}", is_nhs_number),
    "bsn": (r"\d{9}", is_bsn),
    "sin": (r"\d{3}[ -]?\d{3}[ -]?\d{3}", is_sin),
}
"""Identity numbers: the pattern and the check of each."""
NATIONAL_ID_NAMES: Mapping[str, str] = {
    "pesel": r"pesel",
    "nhs": r"nhs",
    "bsn": r"bsn|burgerservicenummer|citizen service",
    "sin": r"\bsin\b|social insurance|assurance sociale",
}
"""Names that must precede a bare number. One in ten bare numbers would pass the check by chance."""
