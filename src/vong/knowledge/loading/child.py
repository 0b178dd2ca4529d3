"""Program of the process that loads documents: `python -m vong.knowledge.loading.child`.

It reads one JSON object per line from its standard input, with the `file` to read and the `path` of the document, and
answers with a JSON line and, if the document was read, the parsed document. It ends with its parent.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
DATA_LIMIT_FACTOR = 1.5
"""Hard limit of memory, as factor of the limit that the parent watches."""


def main() -> None:
    """Load documents until the input ends."""
    answers = _take_output()
    _restrict(int(sys.argv[1]))
    from vong.errors import InvalidInput
    from vong.knowledge.loading.document import encode_parsed
    from vong.knowledge.loading.load import load_document

    answers.write(b"ready\n")
    answers.flush()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        try:
            parsed = encode_parsed(load_document(Path(request["file"]).read_bytes(), request["path"]))
        except InvalidInput as error:
            _answer(answers, {"reason": error.message, "hint": error.hint})
        except (MemoryError, RecursionError) as error:
            what = "needs more memory than allowed" if isinstance(error, MemoryError) else "is nested too deeply"
            _answer(answers, {"reason": f"{request['path']!r} {what}", "hint": "split the file, or save it again"})
        except Exception as error:  # noqa: BLE001 - a loader's library may raise anything for a damaged file
            cause = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            _answer(
                answers,
                {"reason": f"{request['path']!r} could not be read: {cause}", "hint": "save it again and upload it"},
            )
        else:
            _answer(answers, {"size": len(parsed)}, parsed)


def _take_output() -> IO[bytes]:
    """Return the standard output for answers, and send all other output there is to the standard error output."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _answer(answers: IO[bytes], header: dict[str, object], body: bytes = b"") -> None:
    answers.write(json.dumps(header).encode() + b"\n" + body)
    answers.flush()


def _restrict(memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        limit = int(memory_bytes * DATA_LIMIT_FACTOR)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


if __name__ == "__main__":
    main()
