"""Python code of Dify for the sandbox of Vong."""

import ast

SANDBOX_MODULES = frozenset(
    {
        "asyncio", "base64", "collections", "copy", "csv", "datetime", "decimal", "functools", "hashlib", "itertools",
        "json", "math", "os", "pathlib", "random", "re", "sys", "time", "typing", "unicodedata",
    }
)  # fmt: skip
"""Modules that the sandbox has."""


def find_obstacle(code: str) -> str | None:
    """Return why code does not run in the sandbox, or None if nothing speaks against it."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"its syntax is invalid: {error}"
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        missing = next((name for name in names if name.partition(".")[0] not in SANDBOX_MODULES), None)
        if missing is not None:
            return f"the sandbox has no module {missing!r}"
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return "the sandbox has no generators"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("open", "eval", "exec"):
            return f"the sandbox has no {node.func.id}()"
    if not any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
        return "it defines no function main"
    return None


def call_main(code: str, names: list[str]) -> str:
    """Return code that ends with a call of `main`, whose result is that of the step."""
    arguments = ", ".join(f"{name}={name}" for name in names)
    return f"{code.rstrip()}\n\nmain({arguments})\n"


def failing_code(message: str) -> str:
    """Return code that fails with a message."""
    return f"raise RuntimeError({message!r})\n"
