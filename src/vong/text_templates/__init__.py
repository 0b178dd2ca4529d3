"""Templates of text: Jinja in its sandbox, with limits on size and time. Braces of JSON need no escape.

In: a template and values by name. Out: the text, or the value of a single expression with its type. Templates read no
files and call no functions but those of `vong.text_templates.filters`. May import `errors` only.
"""

from vong.text_templates.rendering import check_template, find_variables, render_text, render_value

__all__ = ["check_template", "find_variables", "render_text", "render_value"]
