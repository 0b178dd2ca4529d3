"""Durable jobs: long work that survives the death of whatever runs it.

In: a kind, its parameters and, where a request may be repeated, a key. Out: a `Job` that can be watched, cancelled and
tried again. A worker (`vong.jobs.run_worker`) takes queued jobs and calls the function of their kind with a `JobContext`.
"""

from vong.jobs.context import JobContext
from vong.jobs.queue import cancel, get, list_jobs, log_lines, news, retry, submit

__all__ = ["JobContext", "cancel", "get", "list_jobs", "log_lines", "news", "retry", "submit"]
