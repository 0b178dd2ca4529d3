"""HTTP: one file of routes a stage, and the OpenAI-compatible surface under `openai/`.

A route parses, calls one stage function and returns a record.
"""
