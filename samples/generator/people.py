"""Invented people: names, unassigned addresses, and card numbers and IBANs with valid checksums.

E-mail addresses use the reserved domain `.example`. British and American telephone numbers come from the ranges
reserved for fiction. The bank codes of the IBANs (TARN, MOSS) belong to no bank.
"""

from __future__ import annotations

from generator.seeded_random import SeededRandom

GIVEN = ("Alice", "Bram", "Chidi", "Dagny", "Elif", "Farid", "Greta", "Hugo", "Imani", "Jonas", "Keiko", "Lena",
         "Marek", "Nadia", "Oscar", "Priya", "Quentin", "Rosa", "Stefan", "Tamsin", "Umar", "Vera", "Wanda", "Yusuf",
         "Zoe")  # fmt: skip
FAMILY = ("Abbott", "Brandt", "Castellan", "Dunmore", "Eriksen", "Fairley", "Grieve", "Hartog", "Ibarra", "Jessop",
          "Kowal", "Lindqvist", "Marchetti", "Nwosu", "Okafor", "Pettibone", "Rahman", "Sorley", "Thackray", "Ulrich",
          "Vasquez", "Whitlock", "Yardley", "Zielinski")  # fmt: skip
VIETNAMESE = ("Nguyễn Thị Hạnh", "Trần Văn Khoa", "Lê Minh Tú", "Phạm Thu Trang", "Đỗ Quốc Bảo", "Vũ Ngọc Lan",
              "Bùi Anh Đức", "Hoàng Mai Chi")  # fmt: skip


def luhn_digit(payload: str) -> str:
    """Return the check digit with which payload + digit passes the Luhn test."""
    total = 0
    for position, digit in enumerate(reversed(payload)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def iban_check(country: str, account: str) -> str:
    """Return the two check digits of an IBAN (ISO 7064, mod 97-10)."""
    as_digits = "".join(str(int(character, 36)) for character in account + country + "00")
    return f"{98 - int(as_digits) % 97:02d}"


def name(rng: SeededRandom, language: str) -> str:
    """Return a full name."""
    if language == "vi":
        return rng.choice(VIETNAMESE)
    return f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}"


def email(rng: SeededRandom, full_name: str) -> str:
    """Return an e-mail address under a reserved domain, built from the ASCII words of a name."""
    words = [word for word in full_name.lower().split() if word.isascii()]
    local = ".".join(words) if words else f"quan{rng.digits(3)}"
    return f"{local}@{rng.choice(('mossyhen', 'brookbarley', 'oldquay', 'ferrylane', 'quanmay'))}.example"


def phone(rng: SeededRandom, language: str) -> str:
    """Return a telephone number."""
    if language == "vi":
        return f"0900 {rng.digits(3)} {rng.digits(3)}"
    tail = rng.digits(3)
    return rng.choice((f"07700 900{tail}", f"+44 7700 900{tail}", f"020 7946 0{tail}", f"(212) 555-01{tail[:2]}"))


def card(rng: SeededRandom) -> str:
    """Return a card number of 16 digits that passes the Luhn test."""
    payload = rng.choice(("400000", "520000", "555500")) + rng.digits(9)
    number = payload + luhn_digit(payload)
    if rng.chance(0.5):
        return " ".join(number[start : start + 4] for start in range(0, 16, 4))
    return number


def iban(rng: SeededRandom) -> str:
    """Return a British or Dutch IBAN that passes the mod 97 test."""
    country = rng.choice(("GB", "NL"))
    account = rng.choice(("TARN", "MOSS")) + rng.digits(14 if country == "GB" else 10)
    number = country + iban_check(country, account) + account
    if rng.chance(0.5):
        return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
    return number
