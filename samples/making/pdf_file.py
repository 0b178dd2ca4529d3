"""A handbook page as PDF 1.4: Helvetica, WinAnsi text, one content stream a page, nothing compressed."""

from __future__ import annotations

from dataclasses import dataclass, field

from making.blocks import Block, plain

WIDTH, HEIGHT, MARGIN = 595, 842, 64
_SIZES = {"title": 19, "heading": 13}
# Widths of Helvetica's printable ASCII signs in thousandths of the size (Adobe's font metrics); others count 556.
_WIDTHS = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
)  # fmt: skip


@dataclass
class _Pages:
    """Lines set one below the other, with a new page when one is full."""

    streams: list[list[str]] = field(default_factory=lambda: [[]])
    height: float = HEIGHT - MARGIN

    def line(self, text: str, size: int, indent: int = 0, gap: float = 0, bold: bool = False) -> None:
        self.height -= gap + size * 1.35
        if self.height < MARGIN:
            self.streams.append([])
            self.height = HEIGHT - MARGIN - size * 1.35
        escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        font = "F2" if bold else "F1"
        place = f"{MARGIN + indent} {self.height:.1f}"
        self.streams[-1].append(f"BT /{font} {size} Tf {place} Td ({escaped}) Tj ET")


def render(blocks: list[Block]) -> bytes:
    """The document's bytes. Raises UnicodeEncodeError for a sign outside WinAnsi (cp1252)."""
    pages = _Pages()
    for block in blocks:
        _set(block, pages)
    streams = ["\n".join(lines).encode("cp1252") for lines in pages.streams]
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(streams)))
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(streams)} >>".encode(),
        font.format("Helvetica").encode(),
        font.format("Helvetica-Bold").encode(),
    ]
    for number, stream in enumerate(streams):
        fonts = "<< /Font << /F1 3 0 R /F2 4 0 R >> >>"
        box = f"/MediaBox [0 0 {WIDTH} {HEIGHT}] /Resources {fonts} /Contents {6 + 2 * number} 0 R"
        objects.append(f"<< /Type /Page /Parent 2 0 R {box} >>".encode())
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream))
    return _file(objects)


def _set(block: Block, pages: _Pages) -> None:
    if block.kind in _SIZES:
        size = _SIZES[block.kind]
        for number, text in enumerate(_wrapped(block.text, size)):
            pages.line(text, size, gap=0 if number else 12, bold=True)
    elif block.kind == "table":
        head, *rows = block.rows
        for row in rows:
            _hang("-", f"{plain(row[0])}: " + _told(head[1:], row[1:]), pages)
    elif block.items:
        for number, item in enumerate(block.items, start=1):
            _hang("-" if block.kind == "bullets" else f"{number}.", plain(item), pages)
    else:
        for number, text in enumerate(_wrapped(plain(block.text), 11)):
            pages.line(text, 11, gap=0 if number else 7)


def _told(heads: list[str], cells: list[str]) -> str:
    """A table's row as words: the column's name before each cell, but for a lone column."""
    if len(heads) == 1:
        return plain(cells[0])
    return "; ".join(f"{plain(head).lower()} {plain(cell)}" for head, cell in zip(heads, cells, strict=True))


def _hang(mark: str, text: str, pages: _Pages) -> None:
    for number, line in enumerate(_wrapped(text, 11, indent=14)):
        pages.line(line if number else f"{mark} {line}", 11, indent=14 if number else 4, gap=0 if number else 3)


def _wrapped(text: str, size: int, indent: int = 0) -> list[str]:
    room = (WIDTH - 2 * MARGIN - indent - 8) * 1000 / size
    lines, used = [""], 0
    for word in text.split():
        length = sum(_WIDTHS[ord(sign) - 32] if 32 <= ord(sign) < 127 else 556 for sign in word) + 278
        if used and used + length > room:
            lines.append("")
            used = 0
        lines[-1] += (" " if used else "") + word
        used += length
    return lines


def _file(objects: list[bytes]) -> bytes:
    """Objects, the table of their places, and the trailer (ISO 32000-1, 7.5)."""
    out = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    places: list[int] = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + end
