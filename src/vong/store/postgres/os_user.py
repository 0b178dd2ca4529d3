"""Operating system user of the embedded PostgreSQL and the access of that user to its files.

PostgreSQL does not run as root. An ordinary user runs PostgreSQL under the same account. Root runs it as a system user
that owns the data folder and nothing else.
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
    """Account that runs PostgreSQL. `switch` is true if this process must switch to that user first."""

    name: str
    uid: int
    gid: int
    switch: bool


def select_account(folder: Path) -> OsAccount:
    """Select the account for an existing data folder.

    The account is the owner of the folder if the folder is already in use, otherwise the user of this process. Root
    uses the system user, which is created if it is missing.
    """
    uid = os.geteuid()
    marker = folder / "PG_VERSION"
    owner = marker.stat().st_uid if _exists(marker) else None
    if uid != 0:
        if owner is not None and owner != uid:
            raise _wrong_owner(folder, owner)
        return OsAccount(_user_name(uid), uid, os.getegid(), switch=False)
    if owner:
        try:
            entry = pwd.getpwuid(owner)
            return OsAccount(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)
        except KeyError:
            log.warning("files in %s belong to user %d, who no longer exists on this system", folder, owner)
    entry = _ensure_system_user()
    return OsAccount(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)


def chown_folder(folder: Path, account: OsAccount) -> None:
    """Change the owner of the data folder and its contents to the account, if it is not the owner yet."""
    if not account.switch or folder.stat().st_uid == account.uid:
        return
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def make_traversable(path: Path, account: OsAccount) -> None:
    """Ensure that the account can traverse all parent folders of `path`.

    Only root needs this. A folder owned by root is opened for traversal, never for listing, and the change is logged. A
    folder of another user is not changed.

    Raises:
        Misconfigured: a folder of another user cannot be traversed.
    """
    if not account.switch:
        return
    for folder in reversed(path.resolve().parents):
        entry = folder.stat()
        if _can_traverse(entry, account):
            continue
        if entry.st_uid != 0:
            raise Misconfigured(
                f"PostgreSQL runs as user {account.name!r}, who cannot traverse {folder} "
                f"(mode {stat.S_IMODE(entry.st_mode):o}, owner {_user_name(entry.st_uid)!r}) to reach {path}",
                f"set VONG_HOME to another folder, run Vong as that owner, or allow traversal: chmod o+x {folder}",
            )
        folder.chmod(stat.S_IMODE(entry.st_mode) | stat.S_IXOTH)
        log.warning(
            "allowed traversal of %s (mode %o, was %o; its contents still cannot be listed): "
            "PostgreSQL runs as user %r and must reach %s. To use another folder set VONG_HOME",
            folder, stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE(entry.st_mode), account.name, path,
        )  # fmt: skip


def make_executables_readable(installation: Path, account: OsAccount) -> None:
    """Ensure that the account can run PostgreSQL's executables, which a strict umask may have made private."""
    if not account.switch:
        return
    make_traversable(installation / "bin" / "postgres", account)
    program = (installation / "bin" / "postgres").stat()
    if program.st_mode & stat.S_IXOTH or program.st_uid == account.uid:
        return
    for path in [installation, *installation.rglob("*")]:
        mode = path.stat().st_mode
        added = stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        path.chmod(stat.S_IMODE(mode) | added)


def select_socket_folder(folder: Path, account: OsAccount) -> Path:
    """Return the folder of the unix socket.

    The folder is the data folder, or a private folder under `/tmp` named after it if the socket path would exceed 103
    bytes.
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
        found = short.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or stat.S_IMODE(found.st_mode) != 0o700:
            message = f"{short} is not a private folder of user {account.name!r}, as PostgreSQL's socket requires"
            raise Misconfigured(message, f"check its owner, then delete it: ls -ld {short}") from None
    return short


def _can_traverse(entry: os.stat_result, account: OsAccount) -> bool:
    if entry.st_uid == account.uid:
        return bool(entry.st_mode & stat.S_IXUSR)
    if entry.st_gid == account.gid:
        return bool(entry.st_mode & stat.S_IXGRP)
    return bool(entry.st_mode & stat.S_IXOTH)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        raise _wrong_owner(path.parent, path.parent.stat().st_uid) from None


def _wrong_owner(folder: Path, owner: int) -> Misconfigured:
    return Misconfigured(
        f"database in {folder} belongs to user {_user_name(owner)!r}, but Vong runs as {_user_name(os.geteuid())!r}",
        "run Vong as the owner, or set VONG_HOME to another folder",
    )


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _ensure_system_user() -> pwd.struct_passwd:
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
            f"root cannot run PostgreSQL, and the system user {SYSTEM_USER!r} could not be created: {reason}",
            f"create the user (useradd --system {SYSTEM_USER}), or run Vong as an ordinary user",
        ) from None
