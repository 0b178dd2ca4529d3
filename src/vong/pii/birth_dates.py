"""Dates that the text calls a date of birth, in English, French, German, Spanish, Vietnamese and related languages."""

import re
from datetime import date

MONTH_STARTS = (
    "j(?:[aä]n|u[nil])|f[eé][bv]|m[aäe][ryijg]|a[pbv]r|a(?:ug|oû|go)|se[pt]|o[kcut]t|nov|d[eéi][cz]|ene|g(?:en|iu)|lug"
)
MONTH = rf"(?:{MONTH_STARTS})[^\W\d_]*"
ORDINAL = r"(?:\.|st|nd|rd|th|er|º|ª)?"
NUMERIC_DATE = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}\. ?\d{1,2}\. ?\d{4}"
BIRTH_DATE = re.compile(
    rf"(?<!\d)(?:{NUMERIC_DATE}"
    rf"|\d{{1,2}}{ORDINAL}[ -]?(?:(?:of|de) )?{MONTH}\.?,?[ -](?:(?:de|del|of) )?\d{{4}}"
    rf"|{MONTH}\.? \d{{1,2}}{ORDINAL},? \d{{4}}"
    r"|\d{1,2} tháng \d{1,2},? năm \d{4}|\d{4}年\d{1,2}月\d{1,2}日)(?!\d)",
    re.IGNORECASE,
)
BIRTH_NAMES = (
    r"date[ _]?of[ _]?birth|birth[ _-]?(?:date|day)|d\.?o\.?b\.?|date de naissance|date[ _]naissance|"
    r"geb(?:urts|\.)?[ -]?(?:datum|tag)|geb\.?|fecha de nacimiento|fecha[ _]nacimiento|"
    r"data di nascita|data de nascimento|geboortedatum|ngày(?: tháng năm)? sinh|sinh ngày|ngay[ _]?sinh|"
    r"生年月日|出生日期"
)
BORN = r"born|née?(?:\(e\)|\.e|·e)?|geboren|nacid[oa]|nació|nat[oa]|nascid[oa]|sinh(?: vào)?"
PLACE = r"(?: (?:in|at|à|a|en|ở|tại) [^\W\d_][\w-]*(?: [^\W\d_][\w-]*)?,?)?"
PREPOSITION = r"(?: (?:on|the|le|am|el|il|em|op|ngày|vào|vào ngày))*"
BIRTH_CONTEXT = re.compile(
    rf"(?<![^\W_])(?:(?:{BIRTH_NAMES})\W{{0,4}}(?:(?:is|was|là|ist|war|est|es)\W{{1,2}})?{PREPOSITION}\W{{0,2}}"
    rf"|(?:{BORN}){PLACE}{PREPOSITION}\W{{0,3}})$",
    re.IGNORECASE,
)


BIRTH_WORDS = (
    *("birth", "born", "dob", "d.o.b", "geb", "naissance", "né", "nacid", "nació", "nacimiento", "nato", "nata"),
    *("nascid", "nascita", "nascimento", "sinh", "生年月日", "出生日期"),
)
"""Parts of the words that call a date a date of birth. A text without them needs no search."""


def mentions_birth(text: str) -> bool:
    """Return True if a text may call a date a date of birth."""
    lower = text.lower()
    return any(word in lower for word in BIRTH_WORDS)


def birth_date_length(text: str, before: str, after: str) -> int:
    """Return the length of a date that the text before it calls a date of birth, or 0."""
    del after
    if not BIRTH_CONTEXT.search(before):
        return 0
    numbers = [int(part) for part in re.findall(r"\d+", text)]
    years = [number for number in numbers if 1900 <= number <= date.today().year]
    if not years and len(numbers) == 3:  # a year of two digits
        years = [next((number for number in reversed(numbers) if number < 100), -1)]
    others = [number for number in numbers if number not in years]
    return len(text) if years and all(0 < number <= 31 for number in others) else 0
