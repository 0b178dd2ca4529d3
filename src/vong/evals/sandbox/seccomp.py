"""System calls that sandboxed code may make, as a seccomp filter of Linux. Needs only the standard library.

Everything that is not listed fails with EACCES: opening files, sockets, new processes, signals to others, and tracing.
"""

import ctypes
import errno
import platform
import struct

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
RETURN_ALLOW = 0x7FFF0000
RETURN_ERRNO = 0x00050000
RETURN_KILL = 0x80000000
LOAD = 0x20
JUMP_EQUAL = 0x15
JUMP_AT_LEAST = 0x35
JUMP_BITS = 0x45
RETURN = 0x06
NUMBER_OFFSET, ARCHITECTURE_OFFSET, FIRST_ARGUMENT_OFFSET, FOURTH_ARGUMENT_OFFSET = 0, 4, 16, 40
CLONE_THREAD = 0x10000
AT_EMPTY_PATH = 0x1000
X32_NUMBERS = 0x40000000

ALLOWED = {
    "x86_64": {
        *("read", 0, "write", 1, "close", 3, "fstat", 5, "poll", 7, "lseek", 8, "mmap", 9, "mprotect", 10),
        *("munmap", 11, "brk", 12, "rt_sigaction", 13, "rt_sigprocmask", 14, "rt_sigreturn", 15, "pread64", 17),
        *("readv", 19, "writev", 20, "select", 23, "sched_yield", 24, "mremap", 25, "madvise", 28, "dup", 32),
        *("nanosleep", 35, "getpid", 39, "exit", 60, "uname", 63, "fcntl", 72, "getcwd", 79, "gettimeofday", 96),
        *("getrusage", 98, "sysinfo", 99, "times", 100, "getuid", 102, "getgid", 104, "geteuid", 107, "getegid", 108),
        *("getppid", 110, "sigaltstack", 131, "arch_prctl", 158, "gettid", 186, "time", 201, "futex", 202),
        *("sched_getaffinity", 204, "set_tid_address", 218, "clock_gettime", 228, "clock_getres", 229),
        *("clock_nanosleep", 230, "exit_group", 231, "pselect6", 270, "ppoll", 271, "set_robust_list", 273),
        *("getrandom", 318, "membarrier", 324, "rseq", 334),
    },
    "aarch64": {
        *("fcntl", 25, "dup", 23, "close", 57, "lseek", 62, "read", 63, "write", 64, "readv", 65, "writev", 66),
        *("pread64", 67, "pselect6", 72, "ppoll", 73, "fstat", 80, "exit", 93, "exit_group", 94),
        *("set_tid_address", 96, "futex", 98, "set_robust_list", 99, "nanosleep", 101, "clock_gettime", 113),
        *("clock_getres", 114, "clock_nanosleep", 115, "sched_getaffinity", 123, "sched_yield", 124),
        *("sigaltstack", 132, "rt_sigaction", 134, "rt_sigprocmask", 135, "rt_sigreturn", 139, "times", 153),
        *("uname", 160, "getrusage", 165, "gettimeofday", 169, "getpid", 172, "getppid", 173, "getuid", 174),
        *("geteuid", 175, "getgid", 176, "getegid", 177, "gettid", 178, "sysinfo", 179, "brk", 214, "munmap", 215),
        *("mremap", 216, "mmap", 222, "mprotect", 226, "madvise", 233, "getrandom", 278, "membarrier", 283),
        *("rseq", 293, "getcwd", 17),
    },
}
"""Names and numbers of the allowed system calls by machine."""
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE = {"x86_64": 56, "aarch64": 220}
"""Allowed for threads only."""
CLONE3 = 435
"""Its flags lie in memory, so that it is refused as unknown; the C library then calls clone."""
STAT_AT = {"x86_64": 262, "aarch64": 79}
"""Allowed for open files only, not for paths."""


def is_supported() -> bool:
    """Return whether this machine can run a filter."""
    return platform.system() == "Linux" and platform.machine() in ALLOWED


def install() -> None:
    """Restrict this thread, and all that it starts, to the allowed system calls. This cannot be undone.

    Raises: OSError if the kernel refuses.
    """
    program = build_filter(platform.machine())
    library = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    if library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or library.prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.create_string_buffer(header, len(header)), 0, 0
    ):
        raise OSError(ctypes.get_errno(), "the kernel refused the seccomp filter")


def build_filter(machine: str) -> bytes:
    """Return the filter program of a machine."""
    numbers = sorted(number for number in ALLOWED[machine] if isinstance(number, int))
    refuse = RETURN_ERRNO | errno.EACCES
    steps = [
        _step(LOAD, ARCHITECTURE_OFFSET),
        _step(JUMP_EQUAL, ARCHITECTURES[machine], 1, 0),
        _step(RETURN, RETURN_KILL),
        _step(LOAD, NUMBER_OFFSET),
        _step(JUMP_AT_LEAST, X32_NUMBERS, 0, 1),
        _step(RETURN, RETURN_KILL),
        _step(JUMP_EQUAL, CLONE3, 0, 1),
        _step(RETURN, RETURN_ERRNO | errno.ENOSYS),
        _step(JUMP_EQUAL, CLONE[machine], 0, 4),
        _step(LOAD, FIRST_ARGUMENT_OFFSET),
        _step(JUMP_BITS, CLONE_THREAD, 0, 1),
        _step(RETURN, RETURN_ALLOW),
        _step(RETURN, refuse),
        _step(JUMP_EQUAL, STAT_AT[machine], 0, 4),
        _step(LOAD, FOURTH_ARGUMENT_OFFSET),
        _step(JUMP_BITS, AT_EMPTY_PATH, 0, 1),
        _step(RETURN, RETURN_ALLOW),
        _step(RETURN, refuse),
    ]
    for number in numbers:
        steps += [_step(JUMP_EQUAL, number, 0, 1), _step(RETURN, RETURN_ALLOW)]
    return b"".join([*steps, _step(RETURN, refuse)])


def _step(code: int, value: int, when_true: int = 0, when_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, when_true, when_false, value)
