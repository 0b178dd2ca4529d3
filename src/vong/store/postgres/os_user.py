"""As which system user the embedded PostgreSQL runs, and whether that user can reach its files.

PostgreSQL refuses to run as root. An ordinary user runs it as himself; root runs it as a system user that owns the
data folder and nothing else.
"""

import logging
import os
import pwd
import stat
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from vong.errors import Misconfigured

log = logging.getLogger(__name__)

SYSTEM_USER = "vong-postgres"


class OsAccount(NamedTuple):
    """Who runs PostgreSQL. `switch` is whether this process must become that user first."""

    name: str
    uid: int
    gid: int
    switch: bool


def account_for(folder: Path) -> OsAccount:
    """The user for the data folder, which exists: its owner where it is in use already, else this process's own user,
    or for root the system user, which is made where it is missing.
    """
    uid = os.geteuid()
    marker = folder / "PG_VERSION"
    owner = marker.stat().st_uid if _visible(marker) else None
    if uid != 0:
        if owner is not None and owner != uid:
            raise _anothers(folder, owner)
        return OsAccount(_name(uid), uid, os.getegid(), switch=False)
    if owner:
        try:
            found = pwd.getpwuid(owner)
            return OsAccount(found.pw_name, found.pw_uid, found.pw_gid, switch=True)
        except KeyError:
            log.warning("the files in %s belong to user %d, whom this system does not know any more", folder, owner)
    found = _system_user()
    return OsAccount(found.pw_name, found.pw_uid, found.pw_gid, switch=True)


def give(folder: Path, account: OsAccount) -> None:
    """Make the data folder that user's, with all that is in it, where it is not yet."""
    if not account.switch or folder.stat().st_uid == account.uid:
        return
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def open_way(path: Path, account: OsAccount) -> None:
    """See that the user can reach that path through all folders above it.

    Only root needs this. A folder of root's own in the way is opened for passing through (never for listing), and said
    so in the log; a folder of somebody else's is not touched: Misconfigured says what to do.
    """
    if not account.switch:
        return
    for folder in reversed(path.resolve().parents):
        entry = folder.stat()
        if _passes(entry, account):
            continue
        if entry.st_uid != 0:
            raise Misconfigured(
                f"PostgreSQL runs as the user {account.name!r}, who cannot pass through {folder} "
                f"(mode {stat.S_IMODE(entry.st_mode):o}, of user {_name(entry.st_uid)!r}) to reach {path}",
                f"choose another place with VONG_HOME, run Vong as that user, or let it pass: chmod o+x {folder}",
            )
        folder.chmod(stat.S_IMODE(entry.st_mode) | stat.S_IXOTH)
        log.warning(
            "opened %s for passing through (mode %o, was %o; its contents still cannot be listed): "
            "PostgreSQL runs as the user %r and must reach %s. Another place can be chosen with VONG_HOME",
            folder, stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE(entry.st_mode), account.name, path,
        )  # fmt: skip


def open_programs(installation: Path, account: OsAccount) -> None:
    """See that the user can run PostgreSQL's programs, which a strict umask at installation may have kept private."""
    if not account.switch:
        return
    open_way(installation / "bin" / "postgres", account)
    program = (installation / "bin" / "postgres").stat()
    if program.st_mode & stat.S_IXOTH or program.st_uid == account.uid:
        return
    for path in [installation, *installation.rglob("*")]:
        mode = path.stat().st_mode
        more = stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        path.chmod(stat.S_IMODE(mode) | more)


def socket_folder(folder: Path, account: OsAccount) -> Path:
    """Where the unix socket lies: in the data folder, or, where that path is too long for a socket (103 bytes), in a
    private folder under `/tmp` named after it.
    """
    if len(os.fsencode(folder / ".s.PGSQL.5432")) <= 103:
        return folder
    entry = folder.stat()
    short = Path(f"/tmp/vong-{account.uid}-{entry.st_dev:x}-{entry.st_ino:x}")
    try:
        short.mkdir(mode=0o700)
        if account.switch:
            os.chown(short, account.uid, account.gid)
    except FileExistsError:
        made = short.lstat()
        if not stat.S_ISDIR(made.st_mode) or made.st_uid != account.uid or stat.S_IMODE(made.st_mode) != 0o700:
            message = f"{short} should be a private folder of {account.name!r} for PostgreSQL's socket, and is not"
            raise Misconfigured(message, f"look who made it, then remove it: ls -ld {short}") from None
    return short


def _passes(entry: os.stat_result, account: OsAccount) -> bool:
    if entry.st_uid == account.uid:
        return bool(entry.st_mode & stat.S_IXUSR)
    if entry.st_gid == account.gid:
        return bool(entry.st_mode & stat.S_IXGRP)
    return bool(entry.st_mode & stat.S_IXOTH)


def _visible(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        raise _anothers(path.parent, path.parent.stat().st_uid) from None


def _anothers(folder: Path, owner: int) -> Misconfigured:
    return Misconfigured(
        f"the database in {folder} belongs to the user {_name(owner)!r}, you are {_name(os.geteuid())!r}",
        "run Vong as the user who made it, or choose another place with VONG_HOME",
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _system_user() -> pwd.struct_passwd:
    reason = ""
    with suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    try:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        reason = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stderr.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = str(error)
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise Misconfigured(
            f"root cannot run PostgreSQL, and the system user {SYSTEM_USER!r} could not be made: {reason}",
            f"make it (useradd --system {SYSTEM_USER}), or run Vong as an ordinary user",
        ) from None
