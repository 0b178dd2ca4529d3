"""Files for tests of loading, made from bytes."""

import io
import zipfile
from collections.abc import Sequence

HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def pdf_file(objects: Sequence[bytes]) -> bytes:
    """Return a PDF with these objects, the first of which is the catalog."""
    content, offsets = b"%PDF-1.4\n", list[int]()
    for number, value in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    start = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return content + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)


def stream(content: bytes, dictionary: bytes = b"") -> bytes:
    """Return a stream object."""
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (dictionary, len(content), content)


def pdf_pages(
    pages: Sequence[bytes], *, attributes: bytes = b"", font: bytes = HELVETICA, more: Sequence[bytes] = ()
) -> bytes:
    """Return a PDF with pages of these contents. Objects of `more` follow those of the pages."""
    count = len(pages)
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(count))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count),
        font,
    ]
    first_extra = 4 + 2 * count
    for number, content in enumerate(pages):
        resources = b"/Font<</F1 3 0 R>>/XObject<</Fm0 %d 0 R>>" % first_extra if more else b"/Font<</F1 3 0 R>>"
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]%s/Resources<<%s>>/Contents %d 0 R>>"
            % (attributes, resources, 5 + 2 * number)
        )
        objects.append(stream(content))
    return pdf_file([*objects, *more])


def text_page(*lines: str, size: int = 12) -> bytes:
    """Return the content of a page with lines of text."""
    shown = " ".join(f"({line}) Tj 0 -16 Td" for line in lines)
    return f"BT /F1 {size} Tf 72 700 Td {shown} ET".encode("cp1252")


def form_object(text: str) -> bytes:
    """Return a form XObject that draws a text."""
    dictionary = b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>"
    return stream(text_page(text), dictionary)


def unmapped_font_pdf() -> bytes:
    """Return a PDF whose only font maps numbers to shapes, and not to letters."""
    font = b"<</Type/Font/Subtype/Type0/BaseFont/ABCDEF+Foo/Encoding/Identity-H/DescendantFonts[6 0 R]>>"
    descendant = (
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/ABCDEF+Foo/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
        b"/Supplement 0>>/FontDescriptor 7 0 R>>"
    )
    descriptor = (
        b"<</Type/FontDescriptor/FontName/ABCDEF+Foo/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0/Ascent 800"
        b"/Descent -200/CapHeight 700/StemV 80>>"
    )
    page = b"BT /F1 12 Tf 72 700 Td <002400250026002700280029002A002B> Tj ET"
    return pdf_pages([page], font=font, more=[descendant, descriptor])


def zip_file(files: dict[str, bytes | str]) -> bytes:
    """Return a ZIP archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def docx_file(body: str) -> bytes:
    """Return a Word document whose body is this XML."""
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{DOCX_TYPE}.main+xml"/></Types>'
    )
    relationships = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
        ' Target="word/document.xml"/></Relationships>'
    )
    return zip_file(
        {"[Content_Types].xml": types, "_rels/.rels": relationships, "word/document.xml": f"<w:document {WORD}>{body}"}
    )


def docx_paragraphs(*texts: str) -> bytes:
    """Return a Word document with these paragraphs."""
    paragraphs = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in texts)
    return docx_file(f"<w:body>{paragraphs}</w:body></w:document>")
