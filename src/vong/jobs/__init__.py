"""Durable background jobs that survive a crash of the process that runs them.

In: a kind, its parameters and an optional idempotency key. Out: a `Job` that can be watched, cancelled and retried. A
worker (`vong.jobs.run_worker`) takes queued jobs and calls the function of their kind with a `JobContext`. May import
`vong.errors`, `vong.records` and `vong.store`.
"""

from vong.jobs.context import JobContext
from vong.jobs.queue import cancel, get, list_jobs, log_lines, retry, submit, updates_since

__all__ = ["JobContext", "cancel", "get", "list_jobs", "log_lines", "retry", "submit", "updates_since"]
