"""Phone numbers by their shape and their words: international, with a trunk 0, or in the form of a country.

The shape tells a phone number from dates, decimals, lists, order numbers and ISBNs, which libraries that validate
phone numbers accept: nearly every run of ten digits is a valid number of some country.
"""

import re
from itertools import pairwise

PHONE = re.compile(r"(?<![\w.@#/-])(?<!\d:)(?:\+\d|(?<!,)\(\d|(?<!\d )(?<!,)\d)[\d() ./-]{5,20}\d(?:(?![\w@])|(?=x\d))")
SEPARATOR = r"(?: ?[-/] ?|[. ])"
COUNTRY_CODE = re.compile(
    r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|(?:2[1-69]|3[578]|42|5[09]|6[7-9]|8[05789]|9[679])\d"
)
"""Country codes (ITU-T E.164)."""
INTERNATIONAL = re.compile(rf"(?:\+|00[ -]?)\d{{1,14}}(?:{SEPARATOR}?\(\d{{1,5}}\){SEPARATOR}?\d+)?(?:{SEPARATOR}\d+)*")
NATIONAL = re.compile(rf"(?:\(0\d{{0,5}}\){SEPARATOR}?\d+|0[1-9]\d*)(?:{SEPARATOR}\d+)*")
FORMS = re.compile(
    r"(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])\d{3}[ .-]\d{4}"  # North America
    r"|\([1-9]\d\) ?9?\d{4}-\d{4}"  # Brazil
    r"|[6-9]\d{2} \d{2} \d{2} \d{2}"  # Spain
)
MIN_DIGITS, MIN_NAMED_DIGITS, MAX_DIGITS = 9, 7, 15
DAY, MONTH_NUMBER, YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d{2}"
DATE = re.compile(
    rf"(?<!\d)(?:{DAY}(?P<a>[./ -]){DAY}(?P=a){YEAR}|{YEAR}(?P<b>[./ -]){MONTH_NUMBER}(?P=b){DAY}"
    rf"|0?{MONTH_NUMBER}[./-]{YEAR})(?!\d)"
)
PHONE_NAMES = (
    r"phone|mobile|cell|tel|telephone|fax|desk|landline|hotline|whatsapp|zalo|viber|sms|"
    r"điện thoại|dien thoai|di động|đt|sđt|sdt|"
    r"(?:telefon|handy|mobil|mobiltelefon|ruf|fax|festnetz|telefax)(?:nummer|nr\.?)?|"
    r"téléphone|tél|portable|fixe|télécopie|teléfono|tfno|móvil|celular|telefono|cellulare|telefone"
)
PHONE_CONTEXT = re.compile(
    rf"(?:(?<![^\W_])(?:{PHONE_NAMES})(?:\.?[ _-]?(?:number|no|nr|n°|nº|số))?\.?"
    r"(?:\W{1,2}(?:is|là|ist|est|es|lautet))?"
    r"|\b(?:call|answer|reach|text)\w*(?: \w+)? (?:on|at)"
    r"|\b(?:ruf|erreich|anruf)\w*(?: \w+){0,3} (?:unter|an)"
    r"|\b(?:appel|joign|joindre|contact)\w*(?: \w+){0,2} (?:au|sur le)"
    r"|\bll[aá]m\w*(?: \w+)? al)\W{0,4}$",
    re.IGNORECASE,
)
NUMBERED_ITEMS = (
    r"order|invoice|part|p/n|s/n|po|model|aktenzeichen|az|article|serial|tracking|shipment|parcel|ticket|ref|reference|receipt|transaction|booking|"
    r"reservation|confirmation|isbn(?:-1[03])?|issn|ean(?:-?13)?|upc|gtin|sku|asin|doi|pmid|patent|batch|lot|imei|vat|"
    r"zip|id|uid|oid|version|build|commande|facture|article|pièce|réf|référence|dossier|colis|siret|siren|"
    r"đơn hàng|hóa đơn|hoá đơn|vận đơn|mã|mã số|mã số thuế|mst|cccd|cmnd|tài khoản|hợp đồng|seri|số seri|"
    r"pedido|factura|referencia|artículo|pieza"
)
NUMBERED_OWNERS = (
    r"customer|client|account|acct|case|contract|policy|file|document|item|product|device|tax|"
    r"registration|licen[cs]e|série|client|cuenta|contrato|serie|cliente"
)
NUMBER_WORD = r"(?:numbers?|num|nos?|nr|id|code|key|numéro|nummer|número|số|#|n°|nº|№)"
LINK = r"[\W_]{0,4}(?:(?:is|was|ist|est|es|là|lautet)\W{1,3})?"
OTHER_NUMBER_CONTEXT = re.compile(
    rf"(?:(?<![^\W_])(?:(?:{NUMBERED_ITEMS})(?:[\W_]{{0,2}}{NUMBER_WORD})?|(?:{NUMBERED_OWNERS})[\W_]{{0,2}}{NUMBER_WORD}"
    rf"|(?:numéro|número|n°|nº) de (?:{NUMBERED_ITEMS}|{NUMBERED_OWNERS})|[^\W\d_][\w-]*(?:nummer|nr))\.?{LINK}"
    r"|[$€£¥₫] ?)$",
    re.IGNORECASE,
)
"""Words before a number that is no phone number."""
CONTINUES = re.compile(r"[-./]\d|\)?\d")
"""What follows an incomplete number."""
UNIT = re.compile(r" ?[€$£¥₫%°]")
"""What follows an amount."""
COUNTING = "0123456789012345"


def phone_length(text: str, before: str, after: str) -> int:
    """Return the length of the longest prefix that is a phone number and ends after a group of digits, or 0."""
    named = PHONE_CONTEXT.search(before) is not None
    international = text[0] == "+"
    if not named and not international and OTHER_NUMBER_CONTEXT.search(before):
        return 0
    fits = _is_named_phone if named else _is_phone
    ends = [group.end() for group in re.finditer(r"\d+", text)]
    for end in reversed(ends):
        following = text[end:] + after
        if fits(text[:end]) and not CONTINUES.match(following) and (international or not UNIT.match(following)):
            return end
    return 0


def _is_named_phone(text: str) -> bool:
    """Return True for a number that may be a phone number, because the text calls it one."""
    digits = re.sub(r"\D", "", text)
    return MIN_NAMED_DIGITS <= len(digits) <= MAX_DIGITS and len(set(digits)) >= 3 and not DATE.search(text)


def _is_phone(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    if not MIN_DIGITS <= len(digits) <= MAX_DIGITS or len(set(digits)) < 3 or digits.endswith("000000"):
        return False
    if DATE.search(text) or (text[0] == "0" and _is_list(re.findall(r"\d+", text))):
        return False
    if FORMS.fullmatch(text):
        return True
    if text[0] == "+" or text.startswith("00"):
        return INTERNATIONAL.fullmatch(text) is not None and _is_international(text, digits)
    return NATIONAL.fullmatch(text) is not None and _is_national(text, digits)


def _is_international(text: str, digits: str) -> bool:
    number = digits if text[0] == "+" else digits[2:]
    if not COUNTRY_CODE.match(number) or len(re.findall(r"(?<!\d)\d(?!\d)", text)) > 2:
        return False
    if text.count(".") == 1 and not COUNTRY_CODE.fullmatch(text.partition(".")[0].lstrip("+")):
        return False  # a decimal number; registries of domains write +49.301234567
    if number[0] == "1" and not (len(number) == 11 and number[1] > "1"):
        return False
    if text.isdigit():  # 00 and digits without a separator are often an article number
        return number[0] != "1" and 10 <= len(number) <= 13
    return len(number) >= MIN_DIGITS - 1


def _is_national(text: str, digits: str) -> bool:
    groups = re.findall(r"\d+", text)
    if len(digits) > 12:
        return False
    if len(groups) == 1:
        bare_lengths = (10, 11, 12) if re.match("01[567]", digits) else (10, 11)
        return len(digits) in bare_lengths and digits not in COUNTING
    return _are_phone_separators(text, groups) and _are_phone_groups(groups, digits)


def _are_phone_separators(text: str, groups: list[str]) -> bool:
    """Return True if the separators are those of one number: not of decimals, dates or ranges."""
    separators = re.sub(r"[\d()]", "", text)
    if set(map(len, groups)) == {2} and len(groups) == 5:  # the pairs of France
        return len(set(separators)) == 1
    if "." in separators and (set(separators) != {"."} or len(separators) < 2):
        return False
    return separators.count("/") <= 1 and ("/" not in separators or text.find("/") <= len(groups[0]) + 3)


def _are_phone_groups(groups: list[str], digits: str) -> bool:
    if len(groups) > 6 or any(len(group) == 1 for group in groups[1:-1]):
        return False
    return len(digits) < 12 or len(groups) <= 3 or re.match("01[567]", digits) is not None


def _is_list(groups: list[str]) -> bool:
    """Return True for numbers that count up, and for groups of the same length that all begin with 0."""
    numbers = [int(group) for group in groups]
    steps = {after - before for before, after in pairwise(numbers)}
    if len(groups) > 3 and len(steps) == 1:
        return True
    return len(groups) > 2 and len(groups[0]) > 2 and len({(len(group), group[0]) for group in groups}) == 1
