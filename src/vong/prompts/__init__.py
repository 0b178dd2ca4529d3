"""Prompts: versioned templates of chat messages with typed variables, labels, branches and approvals.

In: a template (messages, variables, tools, output schema, model settings). Out: an immutable version with a hash and a
number, its rendering with given variables, and labels that name the version in use.

May import the ground packages (`jobs`, `store`, `records`, `errors`, `config`, `plugins`), never another stage.
"""

from vong.prompts.labels import list_labels
from vong.prompts.rendering import render
from vong.prompts.versions import create_version, find, list_prompts, list_versions

__all__ = ["create_version", "find", "list_labels", "list_prompts", "list_versions", "render"]
