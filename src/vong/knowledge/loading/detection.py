"""Detection of the format of a file, by its content first and its suffix second."""

import re
from io import BytesIO
from pathlib import PurePath
from typing import NamedTuple
from zipfile import BadZipFile, ZipFile

from vong.errors import InvalidInput
from vong.knowledge.loading.encoding import is_text

OPENXML = "application/vnd.openxmlformats-officedocument."
OPENDOCUMENT = "application/vnd.oasis.opendocument."
TEXT_START_BYTES = 1 << 16


class FileFormat(NamedTuple):
    """Format of a file: its media type, the name that users know, and the loader that reads it (empty if none)."""

    media_type: str
    label: str
    loader: str = "office"


FORMATS_BY_SUFFIX = {
    ".txt": FileFormat("text/plain", "plain text", "text"),
    ".text": FileFormat("text/plain", "plain text", "text"),
    ".log": FileFormat("text/plain", "plain text", "text"),
    ".md": FileFormat("text/markdown", "Markdown", "markdown"),
    ".markdown": FileFormat("text/markdown", "Markdown", "markdown"),
    ".mdx": FileFormat("text/markdown", "Markdown", "markdown"),
    ".html": FileFormat("text/html", "HTML", "html"),
    ".htm": FileFormat("text/html", "HTML", "html"),
    ".xhtml": FileFormat("text/html", "HTML", "html"),
    ".csv": FileFormat("text/csv", "CSV", "csv"),
    ".tsv": FileFormat("text/tab-separated-values", "TSV", "csv"),
    ".tab": FileFormat("text/tab-separated-values", "TSV", "csv"),
    ".json": FileFormat("application/json", "JSON", "json"),
    ".ndjson": FileFormat("application/x-ndjson", "JSON lines", "json"),
    ".jsonl": FileFormat("application/x-ndjson", "JSON lines", "json"),
    ".ipynb": FileFormat("application/x-ipynb+json", "a notebook"),
    ".xml": FileFormat("application/xml", "XML", "xml"),
    ".rss": FileFormat("application/xml", "XML", "xml"),
    ".rst": FileFormat("text/x-rst", "reStructuredText"),
    ".org": FileFormat("text/x-org", "Org"),
    ".tex": FileFormat("application/x-latex", "LaTeX"),
    ".typ": FileFormat("application/x-typst", "Typst"),
    ".eml": FileFormat("message/rfc822", "an e-mail"),
    ".rtf": FileFormat("application/rtf", "RTF"),
    ".pdf": FileFormat("application/pdf", "PDF", "pdf"),
    ".docx": FileFormat(f"{OPENXML}wordprocessingml.document", "DOCX"),
    ".docm": FileFormat(f"{OPENXML}wordprocessingml.document", "DOCX"),
    ".pptx": FileFormat(f"{OPENXML}presentationml.presentation", "PPTX", "slides"),
    ".ppsx": FileFormat(f"{OPENXML}presentationml.presentation", "PPTX", "slides"),
    ".pptm": FileFormat(f"{OPENXML}presentationml.presentation", "PPTX", "slides"),
    ".xlsx": FileFormat(f"{OPENXML}spreadsheetml.sheet", "XLSX"),
    ".xlsm": FileFormat(f"{OPENXML}spreadsheetml.sheet", "XLSX"),
    ".xlsb": FileFormat("application/vnd.ms-excel.sheet.binary.macroEnabled.12", "XLSB"),
    ".odt": FileFormat(f"{OPENDOCUMENT}text", "ODT"),
    ".ods": FileFormat(f"{OPENDOCUMENT}spreadsheet", "ODS"),
    ".odp": FileFormat(f"{OPENDOCUMENT}presentation", "ODP"),
    ".epub": FileFormat("application/epub+zip", "EPUB", "epub"),
    ".doc": FileFormat("application/msword", "DOC"),
    ".xls": FileFormat("application/vnd.ms-excel", "XLS"),
    ".ppt": FileFormat("application/vnd.ms-powerpoint", "PPT"),
    ".msg": FileFormat("application/vnd.ms-outlook", "an Outlook message"),
    ".zip": FileFormat("application/zip", "a ZIP archive", "archive"),
    ".tar": FileFormat("application/x-tar", "a TAR archive"),
    ".7z": FileFormat("application/x-7z-compressed", "a 7z archive"),
    ".gz": FileFormat("application/gzip", "a gzip file"),
    ".png": FileFormat("image/png", "a PNG image", "image"),
    ".jpg": FileFormat("image/jpeg", "a JPEG image", "image"),
    ".jpeg": FileFormat("image/jpeg", "a JPEG image", "image"),
    ".gif": FileFormat("image/gif", "a GIF image", "image"),
    ".bmp": FileFormat("image/bmp", "a BMP image", "image"),
    ".tif": FileFormat("image/tiff", "a TIFF image", "image"),
    ".tiff": FileFormat("image/tiff", "a TIFF image", "image"),
    ".webp": FileFormat("image/webp", "a WebP image", "image"),
}
TEXT_LOADERS = frozenset({"text", "markdown", "html", "csv", "json", "xml"})
TEXT_SUFFIXES = frozenset({".rst", ".org", ".tex", ".typ", ".eml", ".rtf", ".ipynb"})
"""Suffixes of formats that are text and have no loader of their own."""
PLAIN_TEXT = FORMATS_BY_SUFFIX[".txt"]
HTML = FORMATS_BY_SUFFIX[".html"]
HTML_START = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
SIGNATURES = (
    (b"{\\rtf", FORMATS_BY_SUFFIX[".rtf"]),
    (b"\x89PNG\r\n\x1a\n", FORMATS_BY_SUFFIX[".png"]),
    (b"\xff\xd8\xff", FORMATS_BY_SUFFIX[".jpg"]),
    (b"GIF87a", FORMATS_BY_SUFFIX[".gif"]),
    (b"GIF89a", FORMATS_BY_SUFFIX[".gif"]),
    (b"II*\0", FORMATS_BY_SUFFIX[".tif"]),
    (b"MM\0*", FORMATS_BY_SUFFIX[".tif"]),
    (b"\x1f\x8b", FORMATS_BY_SUFFIX[".gz"]),
    (b"7z\xbc\xaf\x27\x1c", FORMATS_BY_SUFFIX[".7z"]),
    (b"ID3", FileFormat("audio/mpeg", "sound", "")),
    (b"OggS", FileFormat("audio/ogg", "sound", "")),
    (b"fLaC", FileFormat("audio/flac", "sound", "")),
    (b"Rar!\x1a\x07", FileFormat("application/vnd.rar", "a RAR archive", "")),
    (b"SQLite format 3\0", FileFormat("application/vnd.sqlite3", "an SQLite database", "")),
    (b"\x7fELF", FileFormat("application/x-elf", "a program", "")),
    (b"MZ\x90", FileFormat("application/x-msdownload", "a program", "")),
    (b"PAR1", FileFormat("application/vnd.apache.parquet", "a Parquet file", "")),
)
OLE_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
OLE_STREAMS = (
    ("EncryptedPackage", ""),
    ("WordDocument", ".doc"),
    ("PowerPoint Document", ".ppt"),
    ("Workbook", ".xls"),
    ("__properties_version1.0", ".msg"),
)


def find_suffix(path: str) -> str:
    """Return the suffix of a path in lower case."""
    return PurePath(path).suffix.lower()


def detect_format(content: bytes, path: str) -> FileFormat:
    """Return the format of a file. The content decides; the suffix tells apart what looks alike, as text formats.

    Raises: InvalidInput if no loader reads it, or the file is empty, damaged or protected by a password.
    """
    if not content.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise InvalidInput(f"{path!r} is empty", "upload a file with text")
    expected = FORMATS_BY_SUFFIX.get(find_suffix(path))
    found = _detect_binary(content, path)
    if found is None and expected is not None and expected.loader != "text" and HTML_START.match(content[:4096]):
        # A page of an error is often saved under the name of the file that was asked for.
        found = HTML if expected.loader not in TEXT_LOADERS and find_suffix(path) not in TEXT_SUFFIXES else None
    if found is None:
        found = _detect_text(content, path, expected)
    if not found.loader:
        raise InvalidInput(f"{path!r} is {found.label}, which holds no text that can be read", _supported())
    return found


def _detect_binary(content: bytes, path: str) -> FileFormat | None:
    if b"%PDF-" in content[:1024]:
        return FORMATS_BY_SUFFIX[".pdf"]
    if content.startswith(ZIP_STARTS):
        return _detect_zip(content, path)
    if content.startswith(OLE_START):
        return _detect_ole(content, path)
    if content[:4] == b"RIFF":
        return FORMATS_BY_SUFFIX[".webp"] if content[8:12] == b"WEBP" else FileFormat("audio/wav", "sound or video", "")
    if content[4:8] == b"ftyp":
        return FileFormat("video/mp4", "sound or video", "")
    if content[:2] == b"BM" and content[6:10] == b"\0\0\0\0":
        return FORMATS_BY_SUFFIX[".bmp"]
    if content[257:262] == b"ustar":
        return FORMATS_BY_SUFFIX[".tar"]
    return next((format for start, format in SIGNATURES if content.startswith(start)), None)


def _detect_zip(content: bytes, path: str) -> FileFormat:
    try:
        names = set(ZipFile(BytesIO(content)).namelist())
    except (BadZipFile, ValueError, OSError) as error:
        expected = FORMATS_BY_SUFFIX.get(find_suffix(path), FORMATS_BY_SUFFIX[".zip"])
        raise InvalidInput(
            f"{path!r} is not {expected.label}, or is cut off: {error}", "upload the whole file again"
        ) from error
    if "mimetype" in names:
        with ZipFile(BytesIO(content)) as archive, archive.open("mimetype") as file:
            kind = file.read(200).decode("ascii", "replace").strip()
        for format in FORMATS_BY_SUFFIX.values():
            if format.media_type == kind:
                return format
    for folder, suffix in (("word/", ".docx"), ("ppt/", ".pptx"), ("xl/", ".xlsx")):
        if "[Content_Types].xml" in names and any(name.startswith(folder) for name in names):
            return FORMATS_BY_SUFFIX[".xlsb" if "xl/workbook.bin" in names else suffix]
    expected = FORMATS_BY_SUFFIX.get(find_suffix(path))
    if expected is not None and expected.loader != "archive" and expected.media_type.startswith(("app", "text")):
        raise InvalidInput(f"{path!r} is not {expected.label}: it is another ZIP file", "name it with its own suffix")
    return FORMATS_BY_SUFFIX[".zip"]


def _detect_ole(content: bytes, path: str) -> FileFormat:
    for stream, suffix in OLE_STREAMS:
        if stream.encode("utf-16-le") in content:
            if not suffix:
                raise InvalidInput(f"{path!r} is protected by a password", "save it without a password")
            return FORMATS_BY_SUFFIX[suffix]
    return FORMATS_BY_SUFFIX.get(find_suffix(path), FORMATS_BY_SUFFIX[".doc"])


def _detect_text(content: bytes, path: str, expected: FileFormat | None) -> FileFormat:
    start = content[:TEXT_START_BYTES]
    # A letter of several bytes may be cut at the end.
    readable = is_text(start) or (len(content) > len(start) and is_text(start[:-3]))
    suffix = find_suffix(path)
    if expected is not None and expected.loader not in TEXT_LOADERS and suffix not in TEXT_SUFFIXES:
        what = "plain text" if readable else "damaged or of another format"
        raise InvalidInput(f"{path!r} is not {expected.label}: it is {what}", "name it with the suffix of its format")
    if not readable:
        kind = f"{suffix} files are not supported" if suffix and expected is None else "it is no text"
        raise InvalidInput(f"{path!r} has no known format: {kind}", _supported())
    return expected or PLAIN_TEXT


def _supported() -> str:
    return "supported are: " + ", ".join(sorted(suffix.lstrip(".") for suffix in FORMATS_BY_SUFFIX))
