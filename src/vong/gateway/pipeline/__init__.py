"""Run one model call from the parsed request to the finished span.

`call.py` is the table of contents of a model call: check guards, parse and authorise, plan the targets, look up the
cache, reserve limits, send attempts, apply guards to the response, record the span.

May import every other package of the gateway except `accounting` and `fastpath`.
"""
