"""Words, numbers and negations of a sentence, in English and Vietnamese; other languages are split by spaces."""

import re
import unicodedata
from typing import NamedTuple

TOKEN = re.compile(
    r"[£$€₫]?\d+(?:[.,\u00a0 ]\d{3})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)*"  # numbers
    r"|[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]"  # characters of scripts without spaces: Thai, Japanese, Chinese
    r"|[^\W\d_\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+(?:['’][^\W\d_]+)*|\d+\w*"  # words
)
"""Word or number. Digits in groups of three, separated by commas, points or spaces, are one number."""
GROUPED = re.compile(r"^\d{1,3}(?:[.,\u00a0 ]\d{3})+(?:[.,]\d+)?$")
MIN_PREFIX = 4
"""Letters that two forms of a word share at least, such as `approve` and `approval`."""


def _word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


NUMBER_WORDS = {
    word: number
    for pair in (
        "zero:0 one:1 two:2 three:3 four:4 five:5 six:6 seven:7 eight:8 nine:9 ten:10 eleven:11 twelve:12 thirteen:13",
        "fourteen:14 fifteen:15 sixteen:16 seventeen:17 eighteen:18 nineteen:19 twenty:20 thirty:30 forty:40 fifty:50",
        "sixty:60 seventy:70 eighty:80 ninety:90 hundred:100 thousand:1000 million:1000000",
        "first:1 second:2 third:3 once:1 twice:2 half:0.5",
        "một:1 hai:2 ba:3 bốn:4 năm:5 sáu:6 bảy:7 tám:8 chín:9 mười:10 trăm:100 nghìn:1000 ngàn:1000 triệu:1000000",
    )
    for word, number in (item.split(":") for item in pair.split())
}
AMBIGUOUS_NUMBER_WORDS = _word_set("one một năm ba first second third once half hundred thousand million trăm nghìn")
"""Number words with another common meaning, such as `năm` (five, or year). Their absence proves nothing."""
NEGATIONS = _word_set(
    "not no never none nobody nothing neither nor without cannot unable impossible hardly "
    "không chưa chẳng chả đừng chớ 不 没 沒 未 无 無"
)
OPPOSITES = tuple(
    (_word_set(first), _word_set(second))
    for first, second in (
        ("before", "after"),
        ("above over", "below under"),
        ("more", "less fewer"),
        ("most", "least"),
        ("maximum", "minimum"),
        ("increase increased increases rise rose", "decrease decreased decreases fall fell"),
        ("always", "never"),
        ("allowed permitted", "forbidden prohibited banned"),
        ("accept accepted accepts", "reject rejected rejects"),
        ("include included includes", "exclude excluded excludes"),
        ("open opened opens", "close closed closes"),
        ("win won wins", "lose lost loses"),
        ("north northern", "south southern"),
        ("east eastern", "west western"),
        ("early earlier", "late later"),
        ("larger bigger", "smaller"),
        ("higher", "lower"),
        ("true", "false"),
        ("trước", "sau"),
        ("trên", "dưới"),
        ("tăng", "giảm"),
        ("nhiều", "ít"),
    )
)
STOP_WORDS = _word_set(
    "a an the of in on at to for from by with and or but as is are was were be been being it its this that these those "
    "he she they them his her their our your my we you i who which what when where how do does did has have had will "
    "would can could may might must shall should there here than then so if into about also not no only very "
    "và của là có trong cho với được các những để từ khi này đó đã sẽ đang thì mà ở tại về như cũng bởi bị do hay "
    "hoặc nhưng nếu rằng theo ra vào lên xuống không"
)


class WordToken(NamedTuple):
    """Word or number of a text at `start`. `key` is its lower-case form, or the number in digits."""

    text: str
    key: str
    start: int
    is_number: bool

    @property
    def is_content(self) -> bool:
        """Check that the token says something by itself."""
        return self.is_number or self.key not in STOP_WORDS or (self.text == "May" and self.start > 0)

    @property
    def is_capitalized(self) -> bool:
        """Check that the token begins with a capital letter."""
        return not self.is_number and self.text[:1].isupper()


def tokenize(text: str) -> list[WordToken]:
    """Return the words and numbers of a text. Numbers have one form: `1,000`, `1.000` and `1 000` are `1000`."""
    tokens: list[WordToken] = []
    for match in TOKEN.finditer(unicodedata.normalize("NFC", text)):
        word = match[0].lstrip("£$€₫")
        if word[:1].isdigit():
            tokens.append(WordToken(word, normalize_number(word), match.start(), True))
            continue
        key = word.lower().replace("’", "'").removesuffix("'s")
        number = NUMBER_WORDS.get(key)
        tokens.append(WordToken(word, number or key, match.start(), number is not None))
    return tokens


def normalize_number(text: str) -> str:
    """Return a number without group separators, with a point before its decimals."""
    letters = text.lstrip("0123456789.,\u00a0 ")
    digits = text[: len(text) - len(letters)]
    if GROUPED.match(digits):
        head, decimals = digits, ""
        if match := re.search(r"[.,](\d{1,2}|\d{4,})$", digits):
            head, decimals = digits[: match.start()], match[1]
        digits = re.sub(r"\D", "", head) + (f".{decimals}" if decimals else "")
    else:
        digits = digits.replace(",", ".")
    if digits.count(".") == 1:
        digits = digits.rstrip("0").rstrip(".")
    return digits + letters.lower()


def matches(key: str, other: str) -> bool:
    """Check if two words are equal or forms of one word: they share a long prefix."""
    if key == other:
        return True
    if key[:1].isdigit() or other[:1].isdigit():
        return False
    shared = max(MIN_PREFIX, round(0.75 * min(len(key), len(other))))
    return min(len(key), len(other)) >= shared and key[:shared] == other[:shared] and abs(len(key) - len(other)) <= 4


class WordSet:
    """Words of a text, for fast comparison with those of another."""

    def __init__(self, tokens: "list[WordToken]") -> None:
        self.keys = {token.key for token in tokens}
        self._prefixes: dict[str, list[str]] = {}
        for key in self.keys:
            self._prefixes.setdefault(key[:MIN_PREFIX], []).append(key)

    def __contains__(self, key: str) -> bool:
        return key in self.keys or any(matches(key, other) for other in self._prefixes.get(key[:MIN_PREFIX], ()))


def is_negated(tokens: "list[WordToken]") -> bool:
    """Check if a sentence is negated: it has an odd number of negations."""
    return sum(_is_negation(token) for token in tokens) % 2 == 1


def find_opposite(tokens: "list[WordToken]", other: "list[WordToken]") -> tuple[str, str] | None:
    """Return a word whose opposite the other text has instead. Returns None if there is none."""
    here, there = {token.key for token in tokens}, {token.key for token in other}
    for first, second in OPPOSITES:
        for side, opposite in ((first, second), (second, first)):
            if here & side and not here & opposite and there & opposite and not there & side:
                return min(here & side), min(there & opposite)
    return None


def _is_negation(token: WordToken) -> bool:
    return token.key in NEGATIONS or token.key.endswith("n't")
