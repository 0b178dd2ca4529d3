"""What a server carries before anybody asks for it."""

import subprocess
import sys

HEAVY = {"numpy", "torch", "transformers", "onnxruntime", "pandas", "pyarrow", "sklearn"}


def test_a_server_begins_without_heavy_libraries() -> None:
    """Each of them takes more memory than the whole gateway; they come with the first call that needs them."""
    program = f"""
import sys
from importlib import import_module
import vong.api.serve
from vong.api.server import ROUTES
for name in ROUTES:
    import_module(f"vong.api.{{name}}")
print(sorted({HEAVY!r} & set(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert result.stdout.strip() == "[]"
