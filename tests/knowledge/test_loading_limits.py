"""Bad files end in a clear reason, and loading a document is bounded."""

import os
import signal
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from tests.knowledge import loading_samples as samples
from vong.errors import InvalidInput
from vong.knowledge.loading import archive, load_document
from vong.knowledge.loading.process import DocumentLoader, LoadLimits


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.md", b"", "is empty"),
        ("a.txt", b" \n\t\0", "is empty"),
        ("a.html", b"", "is empty"),
        ("a.pdf", b"", "is empty"),
        ("a.html", b"<p></p><script>x()</script>", "contains no text"),
        ("a.pdf", b"%PDF-1.4 broken", "could not be read"),
        ("a.pdf", b"plain words", "is not PDF: it is plain text"),
        ("a.docx", b"not a zip", "is not DOCX: it is plain text"),
        ("a.docx", samples.zip_file({"x.txt": "x"}), "is not DOCX: it is another ZIP file"),
        ("a.docx", samples.docx_paragraphs("text")[:200], "is not DOCX, or is cut off"),
        ("a.docx", samples.docx_file("<w:body>"), "is damaged: word/document.xml"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
        ("a.md", bytes(range(256)) * 20, "no known format|not text"),
        ("a.bin", bytes(range(256)) * 20, "no known format: .bin files are not supported"),
        ("a.md", b"\x89PNG\r\n\x1a\n" + bytes(200), "is a PNG image"),
        ("a.mp3", b"ID3" + bytes(200), "is sound, which holds no text"),
        ("a.zip", samples.zip_file({"../../etc/x.bin": bytes(range(256))}), "no file in the archive"),
        ("a.epub", samples.zip_file({"mimetype": "application/epub+zip"}), "not a readable EPUB"),
        ("a.pdf", samples.pdf_pages([b""]), "its page is an image"),
    ],
)
def test_the_error_of_a_bad_file_names_the_reason(
    name: str, content: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vong.knowledge.loading.image.ocr_languages", lambda: "")
    monkeypatch.setattr("vong.knowledge.loading.pdf.ocr_languages", lambda: "")
    with pytest.raises(InvalidInput, match=reason) as found:
        load_document(content, name)
    assert found.value.hint


@pytest.mark.parametrize("name", ["a.pdf", "a.md", "a.xlsx", "without-suffix"])
def test_the_content_decides_over_the_suffix(name: str) -> None:
    document = load_document(samples.docx_paragraphs("Words of a document."), name)
    assert document.sections[0].text == "Words of a document."
    assert (document.notes != ()) == (name != "without-suffix")


def test_an_error_page_that_was_saved_as_pdf_is_read_with_a_note() -> None:
    document = load_document(b"<!DOCTYPE html><html><body>Not found</body></html>", "report.pdf")
    assert document.notes == ("the suffix says PDF, but the content is HTML",)


def test_archives_are_read_file_by_file() -> None:
    inner = samples.zip_file({"deep.txt": "deep words"})
    files = {"a.md": "# A\n\nfirst", "../b.txt": "second", "c.bin": bytes(range(256)), "inner.zip": inner}
    document = load_document(samples.zip_file(files), "all.zip")
    assert [(section.heading, section.text) for section in document.sections] == [
        ("a.md > A", "first"),
        ("../b.txt", "second"),
        ("inner.zip > deep.txt", "deep words"),
    ]
    assert "'c.bin' has no known format" in document.notes[0]


def test_deep_archives_are_bounded() -> None:
    content = b"text"
    for level in range(5):
        content = samples.zip_file({f"level-{level}.zip" if level else "a.txt": content})
    with pytest.raises(InvalidInput, match="archive at depth 3, and 2 are read"):
        load_document(content, "deep.zip")


@pytest.mark.parametrize("name", ["bomb.zip", "bomb.docx", "bomb.pptx", "bomb.epub"])
def test_zip_bombs_are_refused_before_they_are_unpacked(name: str) -> None:
    folder = {"bomb.docx": "word/document.xml", "bomb.pptx": "ppt/presentation.xml"}.get(name, "a.txt")
    files: dict[str, bytes | str] = {"[Content_Types].xml": "<Types/>", folder: bytes(30 << 20)}
    if name == "bomb.epub":
        files = {"mimetype": "application/epub+zip", "a": bytes(30 << 20)}
    with pytest.raises(InvalidInput, match="compressed too strongly"):
        load_document(samples.zip_file(files), name)


def test_archives_have_a_limit_of_size_and_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 2)
    with pytest.raises(InvalidInput, match="has 3 files, and at most 2 are read"):
        load_document(samples.zip_file(dict.fromkeys("abc", "x")), "a.zip")
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 1 << 20)
    with pytest.raises(InvalidInput, match="has 2 MB when unpacked"):
        load_document(samples.zip_file({"a.txt": os.urandom(2 << 20)}), "a.zip")


def test_encrypted_archives_are_refused() -> None:
    content = bytearray(samples.zip_file({"a.txt": "x"}))
    with zipfile.ZipFile(BytesIO(content)) as file:
        start = file.start_dir
    content[start + 8] |= 1
    with pytest.raises(InvalidInput, match="protected by a password"):
        load_document(bytes(content), "a.zip")


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    """Return a function that writes a file."""

    def write_file(content: bytes) -> Path:
        file = tmp_path / "file"
        file.write_bytes(content)
        return file

    return write_file


def test_one_process_loads_many_documents_and_a_crash_fails_only_one(write: Callable[[bytes], Path]) -> None:
    with DocumentLoader() as loader:
        assert loader.load(write(b"# One\n\ntext"), "one.md").title == "One"
        pid = loader.pid
        with pytest.raises(InvalidInput, match="contains no text"):
            loader.load(write(b"<p></p>"), "empty.html")
        assert loader.load(write(b"two"), "two.txt").sections[0].text == "two"
        assert loader.pid == pid is not None

        def crash() -> None:
            if loader.pid is not None:
                os.kill(loader.pid, signal.SIGSEGV)

        big = write(b"<p>x</p>" * 200_000)
        with pytest.raises(InvalidInput, match=r"'big.html' could not be read: its loader crashed \(signal 11\)"):
            loader.load(big, "big.html", crash)
        assert loader.load(write(b"three"), "three.txt").sections[0].text == "three"
        assert loader.pid != pid


def test_time_memory_and_size_are_limited(write: Callable[[bytes], Path]) -> None:
    big = write(b"<p>x</p>" * 200_000)
    with DocumentLoader(LoadLimits(seconds=0.1)) as loader:
        with pytest.raises(InvalidInput, match=r"could not be read within 0\.1 seconds"):
            loader.load(big, "big.html")
        assert loader.pid is None
    with DocumentLoader(LoadLimits(file_bytes=1 << 20)) as loader:
        with pytest.raises(InvalidInput, match="has 1 MB, and at most 1 MB are read"):
            loader.load(big, "big.html")
        assert loader.pid is None  # the size is checked first
    with DocumentLoader() as loader:
        loader.load(write(b"x"), "small.txt")
        loader.limits = LoadLimits(memory_bytes=1 << 20)
        with pytest.raises(InvalidInput, match="needs more than 1 MB of memory"):
            loader.load(write(b"<p>x</p>" * 200_000), "big.html")


def test_the_process_gets_no_secrets(write: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VONG_DATABASE_URL", "postgresql://secret")
    with DocumentLoader() as loader:
        loader.load(write(b"x"), "a.txt")
        environment = Path(f"/proc/{loader.pid}/environ")
        if environment.exists():
            assert b"secret" not in environment.read_bytes()
