"""Prompts: versioned templates of chat messages with typed variables, labels, branches and approvals.

In: a template (messages, variables, tools, output schema, model settings). Out: an immutable version with a hash and a
number, its rendering with given variables, and labels that name the version in use.

May import the ground packages (`jobs`, `store`, `records`, `errors`, `config`, `plugins`), never another stage.
"""

__all__: list[str] = []
