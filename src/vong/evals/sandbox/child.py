"""Program of the sandbox's process: runs code or SQL queries in forked children without files, network or processes.

Started as a file with `python -I -S`, so that it can import nothing but the standard library. It reads one JSON object
from its standard input and writes the results to its standard output.
"""

import contextlib
import importlib
import importlib.util
import itertools
import json
import os
import resource
import secrets
import select
import signal
import sqlite3
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

MODULES = (
    *("abc", "array", "ast", "base64", "bisect", "calendar", "cmath", "collections", "collections.abc", "contextlib"),
    *("copy", "csv", "dataclasses", "datetime", "decimal", "difflib", "enum", "fractions", "functools", "hashlib"),
    *(
        "heapq",
        "hmac",
        "html",
        "inspect",
        "io",
        "itertools",
        "json",
        "keyword",
        "math",
        "numbers",
        "operator",
        "shutil",
    ),
    *("pprint", "queue", "random", "re", "secrets", "statistics", "string", "struct", "textwrap", "threading", "time"),
    *("traceback", "types", "typing", "unicodedata", "unittest", "unittest.mock", "urllib.parse", "uuid", "warnings"),
    *("weakref", "zlib", "encodings.idna", "encodings.latin_1", "encodings.ascii", "encodings.utf_16", "zoneinfo"),
)
"""Modules that sandboxed code may import. They are loaded before files become unreadable."""
MAX_RESULT_BYTES = 100_000
MAX_ROWS = 10_000
"""Rows of a query's result that are compared."""
MAX_PERMUTED_COLUMNS = 8
"""Columns up to which every order of columns is tried."""


def main() -> None:
    """Run the job of the standard input."""
    job = json.load(sys.stdin)
    for name in MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    run = run_python if job["kind"] == "python" else run_sql
    deadline = time.monotonic() + job["total_seconds"]
    results = [run_limited(run, item, job, deadline) for item in job["items"]]
    sys.stdout.write(json.dumps(results))


def run_limited(run: Any, item: Any, job: dict[str, Any], deadline: float) -> dict[str, Any]:
    """Run one item in a child and return its result."""
    if time.monotonic() > deadline:
        return {"status": "timeout", "detail": "the time of all samples is used up"}
    token = secrets.token_hex(16)
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        run_child(run, item, job, (writer, token))
    os.close(writer)
    text, ended = read_result(reader, time.monotonic() + job["seconds"] + 0.5)
    os.close(reader)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(ValueError):
        result = json.loads(text)
        if isinstance(result, dict) and result.pop("token", "") == token:
            return result
    if not ended or (os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGALRM)):
        return {"status": "timeout", "detail": f"longer than {job['seconds']} s"}
    return {"status": "failed", "detail": "the process ended early"}


def read_result(reader: int, deadline: float) -> tuple[bytes, bool]:
    """Return what the child wrote until it ended, and whether it ended in time."""
    text = b""
    while (left := deadline - time.monotonic()) > 0 and len(text) < MAX_RESULT_BYTES:
        if select.select([reader], [], [], left)[0]:
            part = os.read(reader, 65_536)
            if not part:
                return text, True
            text += part
    return text, False


def run_child(run: Any, item: Any, job: dict[str, Any], channel: tuple[int, str]) -> NoReturn:
    """Restrict this process, run the item, and write its result."""
    writer, token = channel
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        restrict(job)
        result = run(item, job)
    except MemoryError:
        result = {"status": "failed", "detail": f"more than {job['memory'] >> 20} MB of memory"}
    except BaseException as error:  # noqa: BLE001 (sandboxed code may raise anything, SystemExit included)
        result = {"status": "failed", "detail": describe(error)}
    with contextlib.suppress(BaseException):
        os.write(writer, json.dumps({**result, "token": token}).encode()[:MAX_RESULT_BYTES])
    os._exit(0)


def restrict(job: dict[str, Any]) -> None:
    """Set the limits of this process, then allow only the listed system calls."""
    seconds = int(job["seconds"]) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (job["memory"], job["memory"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.setitimer(signal.ITIMER_REAL, job["seconds"])
    load_seccomp().install()


def load_seccomp() -> Any:
    """Return the module beside this file."""
    spec = importlib.util.spec_from_file_location("seccomp", Path(__file__).with_name("seccomp.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_python(program: str, job: dict[str, Any]) -> dict[str, Any]:
    """Run a program; it passes if it ends without an exception."""
    del job
    exec(compile(program, "<output>", "exec"), {"__name__": "__main__"})
    return {"status": "passed", "detail": ""}


def describe(error: BaseException) -> str:
    """Return the kind and message of an error."""
    try:
        return f"{type(error).__name__}: {error}"[:500]
    except BaseException:  # noqa: BLE001 (the code's own error class)
        return type(error).__name__


def run_sql(item: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    """Run two queries on a database in memory and compare their results."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    deadline = time.monotonic() + job["seconds"]
    database.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
    try:
        fill_database(database, item)
    except (sqlite3.Error, ValueError, TypeError) as error:
        return {"status": "invalid", "detail": f"the schema or its rows fail: {error}"}
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 10_000_000)
    database.execute("PRAGMA query_only = ON")
    database.set_authorizer(authorize)
    try:
        expected = fetch(database, item["reference"])
    except sqlite3.Error as error:
        return {"status": "invalid", "detail": f"the reference query fails: {error}"}
    try:
        actual = fetch(database, item["query"])
    except sqlite3.Error as error:
        return {"status": "failed", "detail": f"the query fails: {error}"}
    ordered = " order by " in f" {' '.join(item['reference'].lower().split())} "
    if have_equal_rows(actual, expected, ordered=ordered, permute=item["permute"]):
        return {"status": "passed", "detail": ""}
    return {
        "status": "failed",
        "detail": f"{len(actual)} rows {actual[:3]!r}, expected {len(expected)} {expected[:3]!r}"[:500],
    }


def fill_database(database: sqlite3.Connection, item: dict[str, Any]) -> None:
    """Create the tables of a schema and insert rows."""
    database.execute("PRAGMA temp_store = MEMORY")
    database.executescript(item["schema"])
    for table, rows in item["rows"].items():
        quoted = '"' + table.replace('"', '""') + '"'
        for row in rows:
            values = list(row.values()) if isinstance(row, dict) else list(row)
            names = (
                "(" + ", ".join('"' + name.replace('"', '""') + '"' for name in row) + ")"
                if isinstance(row, dict)
                else ""
            )
            marks = ", ".join("?" * len(values))
            database.execute(f"INSERT INTO {quoted}{names} VALUES ({marks})", values)  # noqa: S608 (quoted names)


def authorize(action: int, first: str | None, second: str | None, *_: Any) -> int:
    """Allow only reading."""
    del first
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() == "load_extension":
        return sqlite3.SQLITE_DENY
    allowed = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
    return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY


def fetch(database: sqlite3.Connection, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of one query."""
    rows = database.execute(query.strip().rstrip(";")).fetchmany(MAX_ROWS + 1)
    if len(rows) > MAX_ROWS:
        raise sqlite3.OperationalError(f"more than {MAX_ROWS} rows")
    return rows


def have_equal_rows(actual: list[Any], expected: list[Any], *, ordered: bool, permute: bool) -> bool:
    """Return whether two results have the same rows: in order, or any number of times each.

    With `permute`, the columns of the actual result may have another order.
    """
    if len(actual) != len(expected):
        return False
    if not expected:
        return True
    width = len(expected[0])
    if len(actual[0]) != width:
        return False
    orders = itertools.permutations(range(width)) if permute and width <= MAX_PERMUTED_COLUMNS else [range(width)]
    columns = [Counter(map(row_key, ([row[i]] for row in actual))) for i in range(width)]
    wanted = [Counter(map(row_key, ([row[i]] for row in expected))) for i in range(width)]
    keys = [row_key(row) for row in expected]
    for order in orders:
        if all(columns[source] == wanted[target] for target, source in enumerate(order)):
            found = [row_key([row[i] for i in order]) for row in actual]
            if found == keys if ordered else Counter(found) == Counter(keys):
                return True
    return False


def row_key(row: Any) -> tuple[Any, ...]:
    """Return a row as a comparable value. 1 equals 1.0, and NULL equals NULL."""
    return tuple(float(value) if isinstance(value, int) and abs(value) < 2**53 else value for value in row)


if __name__ == "__main__":
    main()
