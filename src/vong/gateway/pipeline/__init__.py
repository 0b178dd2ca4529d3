"""Run one model call from the parsed request to the finished span.

`call.py` is the table of contents of a model call: parse, authorise, plan the targets, reserve limits, check guards,
look up the cache, send attempts, apply guards to the response, settle limits, record the span.

May import every other package of the gateway except `accounting` and `fastpath`.
"""
