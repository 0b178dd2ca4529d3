"""Serve HTTP: `routes/` has one REST route file per stage, `openai/` the OpenAI-compatible API under `/v1`.

A route parses, calls one stage function and returns a record.

May import every package except `cli` and `client`.
"""
