"""References of templates to inputs and to outputs of steps."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from vong.errors import InvalidInput

SINGLE_EXPRESSION = re.compile(r"\s*\{\{(?P<expression>(?:(?!\}\}).)*)\}\}\s*", re.DOTALL)
_environment = Environment()


class TemplateReference(NamedTuple):
    """Reference `root.path[0].path[1]…` of a template. `is_whole` is true if the template is only this reference."""

    root: str
    path: tuple[str, ...]
    is_whole: bool = False

    def __str__(self) -> str:
        return ".".join((self.root, *self.path))


def is_template(value: Any) -> bool:
    """Return True if a value is a text with an expression or a statement."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def iter_templates(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and the text of every template in a value."""
    if isinstance(value, str):
        if is_template(value):
            yield path, value
    elif isinstance(value, dict):
        for name, child in value.items():
            yield from iter_templates(child, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for number, child in enumerate(value):
            yield from iter_templates(child, f"{path}[{number}]")


@lru_cache(maxsize=4096)
def find_references(template: str) -> tuple[TemplateReference, ...]:
    """Return the references of a template, without the variables that it sets itself.

    Raises: InvalidInput if its syntax is invalid.
    """
    try:
        tree = _environment.parse(template)
    except TemplateSyntaxError as error:
        raise InvalidInput(f"line {error.lineno}: {error.message}", "fix the template") from None
    except RecursionError:
        raise InvalidInput("the template is nested too deep", "simplify it") from None
    names = find_undeclared_variables(tree)
    whole = _whole_expression(tree)
    found = dict[tuple[str, tuple[str, ...]], TemplateReference]()
    for node in _walk(tree):
        chain = _chain(node)
        if chain is not None and chain[0] in names:
            found.setdefault(chain, TemplateReference(*chain, is_whole=node is whole))
    return tuple(found.values())


def step_references(value: Any) -> set[str]:
    """Return the roots of all references in a value. Templates with invalid syntax have none."""
    roots = set[str]()
    for _, template in iter_templates(value):
        try:
            roots |= {reference.root for reference in find_references(template)}
        except InvalidInput:
            continue
    return roots


def _whole_expression(tree: nodes.Template) -> nodes.Node | None:
    """Return the expression of a template that is only one expression."""
    body = tree.body
    if len(body) == 1 and isinstance(body[0], nodes.Output) and len(body[0].nodes) == 1:
        return body[0].nodes[0]
    return None


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    """Yield the outermost chains of a tree, and all other nodes."""
    yield node
    if _chain(node) is not None:
        return
    if isinstance(node, nodes.Getitem | nodes.Getattr):
        yield from _walk(node.node)
        if isinstance(node, nodes.Getitem):
            yield from _walk(node.arg)
        return
    for child in node.iter_child_nodes():
        yield from _walk(child)


def _chain(node: nodes.Node) -> tuple[str, tuple[str, ...]] | None:
    """Return the root and the path of `root.a["b"][0]`, or None if the node is something else."""
    path: list[str] = []
    while True:
        if isinstance(node, nodes.Name):
            return (node.name, tuple(reversed(path))) if node.ctx == "load" else None
        if isinstance(node, nodes.Getattr):
            path.append(node.attr)
            node = node.node
        elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
            path.append(str(node.arg.value))
            node = node.node
        else:
            return None
