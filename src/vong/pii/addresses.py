"""E-mail and IP addresses, told from code, versions and section numbers."""

import ipaddress
import re

CJK = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
"""Characters of scripts without spaces. They end the word before an address."""
LOCAL_CHARACTER = rf"[^\W{CJK}]"
DOMAIN_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
TOP_LEVEL_DOMAIN = r"(?:xn--[A-Za-z0-9-]{2,40}|[A-Za-z]{2,24}|[^\W\d_A-Za-z]{2,24})"
EMAIL = re.compile(
    rf"(?<!{LOCAL_CHARACTER})(?:{LOCAL_CHARACTER}|\+)(?:{LOCAL_CHARACTER}|[.+-]|'(?=\w)){{0,63}}"
    rf"@(?:{DOMAIN_LABEL}\.)+{TOP_LEVEL_DOMAIN}(?![A-Za-z0-9_])"
    rf"|(?<![{CJK}])[{CJK}]{{1,16}}@(?:[{CJK}]{{1,30}}\.)+[{CJK}]{{2,8}}"
)
SERVICE_USERS = frozenset({"git", "hg", "svn"})
FILE_ENDINGS = (
    "js mjs cjs jsx ts tsx vue json jsonl html htm css scss less xml svg png jpg jpeg gif webp ico bmp pdf txt csv "
    "yml yaml toml ini cfg conf lock log tgz gz tar exe dll whl jar class wasm service socket timer mount target "
    "slice scope path"
)
NOT_TOP_LEVEL = frozenset(FILE_ENDINGS.split())
"""Endings of file names, packages and units that are no top-level domains."""
COMMON_DOMAINS = frozenset({"com", "org", "net", "edu", "gov", "de", "fr", "vn", "uk", "es", "eu"})
REMOTE = re.compile(r":(?:\d{2,5}(?!\w)|[~/]|[^\s,;]*/|[^\s,;]*\.git\b)")
"""What follows the host of a remote repository, a copied file or a server with a port."""
RELEASE = re.compile(r"v?\d+\.\d+(?:\.|$)", re.IGNORECASE)
IP = re.compile(
    r"(?<![\w.:])(?:(?:\d{1,3}\.){3}\d{1,3}(?![\w(]|\.\d)"
    r"|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:(]|\.\d))"
)
IPV6_PREFIX = re.compile(r"(?:[23][0-9a-f]{3}|fe[89ab][0-9a-f]|f[cd][0-9a-f]{2}|ff[0-9a-f]{2})$|0?064$")
"""First group of addresses that exist: global, link-local, unique local, multicast, and translated (RFC 4291)."""
NUMBERED_THINGS = (
    r"version|release|build|revision|rev|ver|firmware|driver|section|sect?|chapter|clause|article|paragraph|para|"
    r"appendix|annex|figure|fig|table|step|item|rule|requirement|level|part|point|oids?|object identifier|schema|"
    r"kapitel|abschnitt|absatz|ziffer|artikel|anhang|abbildung|tabelle|punkt|ausgabe|"
    r"chapitre|alinéa|annexe|tableau|partie|étape|"
    r"mục|chương|điều|khoản|phần|phiên bản|bước|bảng|sección|capítulo|artículo|apartado|versión|tabla|paso"
)
BRIDGE = (
    r"(?:[\s:=.,;()\"'#]|n°|nº|\b(?:is|are|was|of|to|and|or|no|nr|number|see|und|bis|ist|et|est|à|y|là|và|số)\b|\d)*"
)
NUMBERED_CONTEXT = re.compile(rf"(?:(?<![^\W_])(?:{NUMBERED_THINGS})s?|§|(?<![^\W_])v){BRIDGE}$", re.IGNORECASE)
PACKAGE_CONTEXT = re.compile(r"[=~<>!]=\s?$|[A-Za-z][-/]$")
HOST_CONTEXT = re.compile(
    r"(?:\b(?:ip(?:v4)?|address(?:es)?|adresse|host(?:name)?|server|dns|nameserver|resolver|gateway|client|from|von|"
    r"ping|traceroute|curl|ssh|connect(?:ed)?|login|địa chỉ|máy chủ|từ|dirección|servidor)\b[\s:=\"'(]*"
    r"(?:(?:is|are|to|at|ist|est|là)\s+)?|://|@)$",
    re.IGNORECASE,
)


def email_length(text: str, before: str, after: str) -> int:
    """Return the length of an e-mail address, or 0 for a remote (`git@host`), a package or an expression."""
    local, _, domain = text.rpartition("@")
    ending = domain.rpartition(".")[2].lower()
    if local.lower() in SERVICE_USERS or ending in NOT_TOP_LEVEL or RELEASE.match(domain):
        return 0
    if REMOTE.match(after) or before.endswith("://") or (after[:1] in "([" and after and ending not in COMMON_DOMAINS):
        return 0
    return len(text)


def ip_length(text: str, before: str, after: str) -> int:
    """Return the length of an IP address of a host, or 0 for a section number, a version or a name in code."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return 0
    if address.is_unspecified or address.is_loopback:
        return 0
    found = _is_host_ipv4(text, before, after) if address.version == 4 else _is_host_ipv6(text)
    return len(text) if found else 0


def _is_host_ipv4(text: str, before: str, after: str) -> bool:
    if text.startswith("255.") or NUMBERED_CONTEXT.search(before) or PACKAGE_CONTEXT.search(before):
        return False
    # Four numbers below 10 are rather a section or an object identifier than one of a few known hosts.
    small = len(text) == 7
    return not small or HOST_CONTEXT.search(before) is not None or re.match(r":\d|/\d", after) is not None


def _is_host_ipv6(text: str) -> bool:
    groups = text.lower().split(":")
    if len(groups) == 8 and "" not in groups:  # eight pairs of digits are a hardware address
        return any(len(group) > 2 for group in groups)
    # 10::20 may be an address or a ratio, so a compressed address must have letters.
    prefix = IPV6_PREFIX.match(groups[0]) is not None or text.lower().startswith("::ffff:")
    return prefix and re.search("[a-fA-F]", text) is not None
