"""Handbook in four formats, built from the Markdown sources in `handbook_source/`."""

from __future__ import annotations

from pathlib import Path

from generator import docx_file, html_page, pdf_file
from generator.blocks import read

SOURCES = Path(__file__).parent.parent / "handbook_source"
FORMATS = {
    "cancelling": "docx", "delivery-and-returns": "html", "first-week": "docx", "huong-dan-till": "html",
    "may-tap": "md", "opening-hours": "html", "outages": "html", "pantry-stock": "md", "payouts": "docx",
    "personal-data": "pdf", "prices-and-plans": "pdf", "refunds": "md", "rota-and-payroll": "html", "sign-in": "pdf",
    "sorting-tickets": "md", "tap-terminal": "md", "tap-troubleshooting": "docx", "tickets-and-urgency": "md",
    "till-basics": "md", "trail-guide": "pdf",
}  # fmt: skip
VIETNAMESE = ("huong-dan-till", "may-tap")


def render(name: str) -> bytes:
    """Return one document of the handbook as bytes."""
    source = (SOURCES / f"{name}.md").read_text(encoding="utf-8")
    kind = FORMATS[name]
    if kind == "md":
        return source.encode()
    if kind == "html":
        return html_page.render(read(source), "vi" if name in VIETNAMESE else "en")
    return (pdf_file if kind == "pdf" else docx_file).render(read(source))


def write(folder: Path) -> None:
    """Write all documents to `folder`/<name>.<format>."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, kind in FORMATS.items():
        (folder / f"{name}.{kind}").write_bytes(render(name))
