"""Share of the words of real documents that their loaded text has, by independent readers (pdftotext, lynx, …).

`python -m benchmarks knowledge_files --folders FOLDER…`. Every file must end in text or a clear reason, and the text
must have at least 98 % of the words, unless the file is a scan.
"""

import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from benchmarks.knowledge_readers import read_words, share_found
from vong.errors import InvalidInput
from vong.knowledge.loading import join_text
from vong.knowledge.loading.process import DocumentLoader

MIN_SHARE = 0.98


def run(options: Namespace) -> Iterator[tuple[str, str]]:
    """Report each file below the bound or refused, and the sums."""
    files = [
        file
        for folder in options.folders or ["samples/handbook"]
        for file in sorted(Path(folder).rglob("*"))
        if file.is_file() and file.name != "SOURCE.md"
    ]
    refused = low = unread = 0
    total_seconds = slowest = 0.0
    shares: list[float] = []
    with DocumentLoader() as loader:
        for file in files:
            start = time.perf_counter()
            try:
                document = loader.load(file, file.name)
            except InvalidInput as error:
                refused += 1
                yield f"refused: {file.name}", error.message
                continue
            finally:
                seconds = time.perf_counter() - start
                total_seconds, slowest = total_seconds + seconds, max(slowest, seconds)
            expected = read_words(file)
            if expected is None:
                unread += 1
                continue
            share = share_found(expected, f"{document.title}\n{join_text(document)}")
            shares.append(share)
            if share < MIN_SHARE:
                low += 1
                yield f"below {MIN_SHARE}: {file.name}", f"{share:.3f} of {len(expected)} words"
    yield "files", str(len(files))
    yield "refused with a reason", str(refused)
    yield "compared with an independent reader", str(len(shares))
    yield "without an independent reader", str(unread)
    yield f"share of words below {MIN_SHARE}", str(low)
    yield "mean share of words", f"{sum(shares) / max(len(shares), 1):.4f}"
    yield "seconds in all, slowest file", f"{total_seconds:.1f}, {slowest:.1f}"
