"""Invented people: names, addresses that belong to nobody, and card numbers and IBANs with right checksums.

E-mail domains are the reserved `.example`; British and American numbers come from the ranges kept for fiction;
the bank codes of the IBANs (TARN, MOSS) belong to no bank.
"""

from __future__ import annotations

from making.dice import Dice

GIVEN = ("Alice", "Bram", "Chidi", "Dagny", "Elif", "Farid", "Greta", "Hugo", "Imani", "Jonas", "Keiko", "Lena",
         "Marek", "Nadia", "Oscar", "Priya", "Quentin", "Rosa", "Stefan", "Tamsin", "Umar", "Vera", "Wanda", "Yusuf",
         "Zoe")  # fmt: skip
FAMILY = ("Abbott", "Brandt", "Castellan", "Dunmore", "Eriksen", "Fairley", "Grieve", "Hartog", "Ibarra", "Jessop",
          "Kowal", "Lindqvist", "Marchetti", "Nwosu", "Okafor", "Pettibone", "Rahman", "Sorley", "Thackray", "Ulrich",
          "Vasquez", "Whitlock", "Yardley", "Zielinski")  # fmt: skip
VIETNAMESE = ("Nguyễn Thị Hạnh", "Trần Văn Khoa", "Lê Minh Tú", "Phạm Thu Trang", "Đỗ Quốc Bảo", "Vũ Ngọc Lan",
              "Bùi Anh Đức", "Hoàng Mai Chi")  # fmt: skip


def luhn_digit(payload: str) -> str:
    """The check digit that makes payload + digit pass the Luhn test."""
    total = 0
    for position, digit in enumerate(reversed(payload)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def iban_check(country: str, account: str) -> str:
    """The two check digits of an IBAN (ISO 7064, mod 97-10)."""
    as_digits = "".join(str(int(sign, 36)) for sign in account + country + "00")
    return f"{98 - int(as_digits) % 97:02d}"


def name(dice: Dice, language: str) -> str:
    """A full name."""
    if language == "vi":
        return dice.one(VIETNAMESE)
    return f"{dice.one(GIVEN)} {dice.one(FAMILY)}"


def email(dice: Dice, full_name: str) -> str:
    """An address under a reserved domain, made of an (ASCII) name."""
    words = [word for word in full_name.lower().split() if word.isascii()]
    local = ".".join(words) if words else f"quan{dice.digits(3)}"
    return f"{local}@{dice.one(('mossyhen', 'brookbarley', 'oldquay', 'ferrylane', 'quanmay'))}.example"


def phone(dice: Dice, language: str) -> str:
    """A telephone number."""
    if language == "vi":
        return f"0900 {dice.digits(3)} {dice.digits(3)}"
    tail = dice.digits(3)
    return dice.one((f"07700 900{tail}", f"+44 7700 900{tail}", f"020 7946 0{tail}", f"(212) 555-01{tail[:2]}"))


def card(dice: Dice) -> str:
    """A sixteen-digit card number that passes Luhn."""
    payload = dice.one(("400000", "520000", "555500")) + dice.digits(9)
    number = payload + luhn_digit(payload)
    if dice.chance(0.5):
        return " ".join(number[start : start + 4] for start in range(0, 16, 4))
    return number


def iban(dice: Dice) -> str:
    """A British or Dutch IBAN that passes mod 97."""
    country = dice.one(("GB", "NL"))
    account = dice.one(("TARN", "MOSS")) + dice.digits(14 if country == "GB" else 10)
    number = country + iban_check(country, account) + account
    if dice.chance(0.5):
        return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
    return number
