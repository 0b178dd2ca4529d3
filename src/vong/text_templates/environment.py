"""Jinja environment of templates: its sandbox, with limits, and values written as JSON."""

import types
from collections.abc import Callable
from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import pass_context

from vong.text_templates import filters, limits
from vong.text_templates.limits import LimitExceeded

TIMED_FILTER = "timed iteration"
"""Filter around the values of every loop. Its name cannot be written in a template."""
FORBIDDEN_NODES = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


class LimitedCodeGenerator(CodeGenerator):
    """Code generator whose literals and joined texts are limited in size."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        """Write a joined text."""
        self._write_checked("join_texts", node.nodes, frame)

    def visit_List(self, node: nodes.List, frame: Frame) -> None:  # noqa: N802
        """Write a list whose size is checked."""
        self._write_checked("build_list", node.items, frame)

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:  # noqa: N802
        """Write a tuple whose size is checked, unless values are assigned to it."""
        if node.ctx == "load":
            self._write_checked("check_value", node.items, frame)
        else:
            super().visit_Tuple(node, frame)

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802
        """Write a mapping whose size is checked."""
        self.write("environment.check_value(")
        super().visit_Dict(node, frame)
        self.write(")")

    def _write_checked(self, function: str, items: list[nodes.Expr], frame: Frame) -> None:
        self.write(f"environment.{function}((")
        for item in items:
            self.visit(item, frame)
            self.write(", ")
        self.write("))")


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """Sandbox without loaders, in which every value, loop and output is limited."""

    code_generator_class = LimitedCodeGenerator
    intercepted_binops = frozenset({"+", "*", "**", "%"})
    concat = staticmethod(limits.concat)
    check_value = staticmethod(limits.check_value)

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            optimized=False,
            finalize=_finalize,
            extensions=["jinja2.ext.loopcontrols"],
            cache_size=0,
        )
        self.filters = {**filters.build_filters(), TIMED_FILTER: limits.iterate}
        self.globals = dict(filters.GLOBALS)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """Parse a template, and let every loop check the time.

        Raises: TemplateSyntaxError if it is invalid, or refers to other templates.
        """
        self._check_tokens(source)
        tree = super()._parse(source, name, filename)
        for kind in FORBIDDEN_NODES:
            found = tree.find(kind)
            if found is not None:
                raise TemplateSyntaxError("a template cannot include or import others", found.lineno)
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, TIMED_FILTER, [], [], None, None, lineno=loop.lineno)
        return tree

    def _check_tokens(self, source: str) -> None:
        count = 0
        for line, kind, _ in self.lexer.tokeniter(source, None):
            count += kind not in ("data", "whitespace")
            if count > limits.MAX_TAG_TOKENS:
                message = f"the tags have more than {limits.MAX_TAG_TOKENS} words and signs"
                raise TemplateSyntaxError(message, line)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a part of a value. The keys of a mapping come before its methods, so that `order.items` is a key."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Reject the methods `format` and `format_map`, whose width could be of any size."""
        if isinstance(value, types.BuiltinMethodType) and value.__name__ in ("format", "format_map"):
            raise SecurityError(f"the method {value.__name__!r} is not allowed: use the filter 'format'")
        return None

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002
        """Return the result of an operator, and raise LimitExceeded if it is too large."""
        limits.check_time()
        _check_operands(operator, left, right)
        return limits.check_value(self.binop_table[operator](left, right))

    def call(self, context: Context, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a method or function if templates may use it."""
        return filters.call(context, function, args, kwargs)

    def join_texts(self, values: tuple[Any, ...]) -> str:
        """Return the joined texts of the operator `~`."""
        return limits.concat([filters.to_text(value) for value in values])

    def build_list(self, values: tuple[Any, ...]) -> list[Any]:
        """Return a list whose size is checked."""
        return limits.check_value(list(values))


@pass_context
def _finalize(context: Context, value: Any) -> str:
    """Return the text of a value that a template writes."""
    del context
    limits.check_time()
    return filters.to_text(value)


def _check_operands(name: str, left: Any, right: Any) -> None:
    """Raise LimitExceeded if an operator would take too long or give a value that is too large."""
    if name == "%" and isinstance(left, str):
        filters.check_format(left)
    if name == "*":
        for value, factor in ((left, right), (right, left)):
            if isinstance(value, str | list | tuple) and isinstance(factor, int) and factor > 0:
                items, chars = limits.measure(value, {})
                limits.check_size(items * factor, chars * factor)
    if name in ("*", "**") and isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * right if name == "**" else left.bit_length() + right.bit_length()
        if bits > limits.MAX_INTEGER_BITS:
            raise LimitExceeded(f"a number would have more than {limits.MAX_INTEGER_BITS} bits")
    if name == "+" and isinstance(left, str) and isinstance(right, str):
        limits.check_length(len(left) + len(right))
