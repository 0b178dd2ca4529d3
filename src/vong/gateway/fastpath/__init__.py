"""Serve calls that need no guard, policy, routing tree or translation with less CPU.

`plan.py` caches what all calls of one key to one model share, `call.py` runs such a call, `record.py` is its compact
record. Every result equals that of `pipeline`, and tests compare both paths.

May import `pipeline` and everything below it.
"""
