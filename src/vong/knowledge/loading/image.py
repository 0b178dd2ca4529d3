"""Loader for images, by text recognition."""

from vong.errors import InvalidInput
from vong.knowledge.loading.detection import detect_format
from vong.knowledge.loading.document import ParsedDocument
from vong.knowledge.loading.extraction import extract, ocr_languages
from vong.knowledge.loading.sections import SectionBuilder


def load_image(content: bytes, path: str) -> ParsedDocument:
    """Recognize the text of an image with Tesseract.

    Raises: InvalidInput if Tesseract is not installed or finds no text.
    """
    format = detect_format(content, path)
    if not ocr_languages():
        raise InvalidInput(
            f"{path!r} is {format.label}, and text recognition is not installed",
            "install it on the worker (apt-get install tesseract-ocr) and retry, or add the text as a file",
        )
    result = extract(content, format.media_type, path, output="plain", ocr=True)
    builder = SectionBuilder()
    builder.add_text(result.content)
    document = builder.build(path)
    if not document.sections:
        raise InvalidInput(f"no text was recognized in the image {path!r}", "add the text as a file")
    return document._replace(notes=(*document.notes, "read by text recognition, which may contain errors"))
