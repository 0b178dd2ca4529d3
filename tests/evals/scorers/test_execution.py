"""Sandbox, code execution and SQL equivalence."""

import sys
from typing import Any

import pytest

from vong.errors import InvalidInput
from vong.evals import sandbox, scoring
from vong.evals.sandbox import seccomp
from vong.evals.scorers import ScorerInput

pytestmark = pytest.mark.skipif(not seccomp.is_supported(), reason="the sandbox needs Linux")

ATTACKS = {
    "open('/etc/passwd')": "PermissionError",
    "open('/tmp/vong-sandbox-test', 'w')": "PermissionError",
    "import os; os.listdir('/')": "PermissionError",
    "import os; os.stat('/etc/passwd')": "PermissionError",
    "import os; os.fork()": "PermissionError",
    "import os; os.kill(os.getppid(), 9)": "PermissionError",
    "import os; os.execv('/bin/true', ['true'])": "PermissionError",
    "import _socket; _socket.socket()": "PermissionError",
    "import ctypes; assert ctypes.CDLL(None).system(b'true') == 0": "Error",
    "import numpy": "ModuleNotFoundError",
    "import os; os._exit(0)": "ended early",
    "raise SystemExit(0)": "SystemExit",
    "x = bytearray(1 << 30)": "MB of memory",
    "while True: pass": "longer than",
    "import signal; signal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass": "longer than",
    "import os; assert set(os.environ) <= {'LC_CTYPE'}, 'secrets'": "",
    "import threading; t = threading.Thread(target=print); t.start(); t.join()": "",
}


def test_the_sandbox_isolates_code() -> None:
    results = sandbox.run_programs(list(ATTACKS), seconds=0.3, memory_mb=256)
    for (program, reason), result in zip(ATTACKS.items(), results, strict=True):
        assert (result.status == "passed") == (not reason), (program, result)
        assert reason in result.detail, (program, result)


def score(spec: Any, scored: ScorerInput) -> dict[str, Any]:
    return scoring.score_input(scoring.build_scorers([spec]), scored)


HUMAN_EVAL = {"test": "def check(candidate):\n    assert candidate(2) == 4\n", "entry_point": "double"}


def test_code_is_executed_with_its_tests() -> None:
    right, wrong = "```python\ndef double(x):\n    return 2 * x\n```", "def double(x): return x"
    first = ScorerInput(output=f"Here:\n{right}\nDone.", metadata=HUMAN_EVAL, samples=(right, wrong, wrong, right))
    spec = "code_execution:k=1,2,10"
    found = score(spec, first)
    assert {name: one.value for name, one in found.items()} == {"pass@1": 0.5, "pass@2": pytest.approx(5 / 6)}
    assert "AssertionError" in found["pass@1"].detail
    assert scoring.collect_warnings(scoring.build_scorers([spec]), first) == [
        "code_execution: pass@10 needs 10 samples; set samples"
    ]
    prompt = {**HUMAN_EVAL, "prompt": "def double(x):\n"}
    assert score("code_execution:prompt=prompt", ScorerInput(output="    return x + x", metadata=prompt))[
        "pass@1"
    ].value
    assert score("code_execution", ScorerInput(output=right)) == {}
    totals = scoring.compute_totals(scoring.build_scorers([spec]), [found])
    assert totals["pass@1"] == 0.5


def test_queries_are_compared_by_their_rows() -> None:
    metadata = {
        "schema": "CREATE TABLE t (a INTEGER, b TEXT);",
        "rows": {"t": [[1, "x"], [2, "y"], {"a": 3, "b": None}]},
    }

    def equal(query: str, reference: str = "SELECT a, b FROM t", **options: Any) -> float | None:
        scored = ScorerInput(output=query, references=(reference,), metadata=metadata)
        values = score({"name": "sql_equivalence", "options": options}, scored)
        return values["sql_equivalence"].value if values else None

    assert equal("```sql\nselect b, a from t order by a desc;\n```") == 1
    assert equal("select b, a from t", column_order=True) == 0
    assert equal("select a, b from t order by a desc", "SELECT a, b FROM t ORDER BY a") == 0
    assert equal("select 1.0 * a, b from t") == 1
    assert equal("DROP TABLE t") == equal("ATTACH 'x.db' AS y") == equal("select a from t") == 0
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
    assert equal(endless, seconds=0.5) == 0
    assert equal("select 1", "SELECT missing FROM t") is None


def test_without_a_sandbox_code_is_never_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seccomp, "is_supported", lambda: False)
    with pytest.raises(InvalidInput, match=f"runs on {sys.platform}"):
        scoring.build_scorers(["code_execution"])
