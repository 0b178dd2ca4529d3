"""Calls of the library that extracts text from documents (kreuzberg), with all of its caches and filters off."""

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from vong.errors import InvalidInput

if TYPE_CHECKING:
    from kreuzberg import ExtractionConfig, ExtractionResult

TESSERACT_FOLDERS = (
    "/usr/share/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)
OCR_LANGUAGES = ("eng", "vie", "deu", "fra", "spa", "ita", "por")
"""Languages of text recognition, of which those that are installed are used."""


def extract(
    content: bytes, media_type: str, path: str, *, output: Literal["plain", "markdown"] = "markdown", ocr: bool = False
) -> "ExtractionResult":
    """Return the text and structure of a document.

    Raises: InvalidInput if the document cannot be read.
    """
    import kreuzberg

    try:
        return kreuzberg.extract_bytes_sync(content, media_type, _config(output, ocr))
    except kreuzberg.KreuzbergError as error:
        raise _explain(str(error), path) from error
    except (ValueError, RuntimeError, OSError, UnicodeError) as error:
        raise _explain(str(error), path) from error


def list_nodes(result: "ExtractionResult") -> list[dict[str, Any]]:
    """Return the nodes of the structure of a document, in reading order."""
    structure: Any = result.document
    return list(structure["nodes"]) if structure else []


def ocr_languages() -> str:
    """Return the installed languages of text recognition, joined by `+`. Empty if none is installed."""
    folder = _tessdata_folder()
    if folder is None:
        return ""
    return "+".join(name for name in OCR_LANGUAGES if (folder / f"{name}.traineddata").is_file())


@cache
def _tessdata_folder() -> Path | None:
    folders = [os.environ.get("TESSDATA_PREFIX", ""), *TESSERACT_FOLDERS]
    return next((Path(folder) for folder in folders if folder and any(Path(folder).glob("*.traineddata"))), None)


def _config(output: str, ocr: bool) -> "ExtractionConfig":
    import kreuzberg

    options: dict[str, Any] = {}
    if ocr and (languages := ocr_languages()):
        os.environ["TESSDATA_PREFIX"] = str(_tessdata_folder())
        options["ocr"] = kreuzberg.OcrConfig(backend="tesseract", language=languages)
    return kreuzberg.ExtractionConfig(
        use_cache=False,
        # The library may otherwise drop repeated lines, headers and footers, and "repair" words.
        enable_quality_processing=False,
        postprocessor=kreuzberg.PostProcessorConfig(enabled=False),
        content_filter=kreuzberg.ContentFilterConfig(
            include_headers=True, include_footers=True, strip_repeating_text=False, include_watermarks=True
        ),
        output_format=output,
        include_document_structure=True,
        pages=kreuzberg.PageConfig(extract_pages=True),
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
        **options,
    )


def _explain(message: str, path: str) -> InvalidInput:
    """Return the error of a document that the library could not read."""
    cause = " ".join(message.split()).split(": ")[-1][:200] or "unknown cause"
    lower = message.lower()
    if "password" in lower or "encrypted" in lower:
        return InvalidInput(f"{path!r} is protected by a password", "save it without a password")
    if "tesseract" in lower or "ocr" in lower:
        return InvalidInput(
            f"the text of the image {path!r} could not be recognized: {cause}", "add its text as a file"
        )
    return InvalidInput(f"{path!r} could not be read: {cause}", "open it in its program, save it again and upload it")
