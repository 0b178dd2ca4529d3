"""Translation of Ollama's templates over messages (`{{ range .Messages }}`) to Jinja.

Conditions, loops, variables, comparisons, tools and tool calls are translated. Each value has a kind, so that a field
that does not exist, or a loop over something else than a list, is found at the import and not in a conversation.
Messages are prepared as Ollama does: system messages are joined, and consecutive messages of one role are merged.
"""

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

from vong.errors import Unsupported
from vong.registry.go_template_lexer import HINT, Part, TemplateToken, parse_text, split_action

PRELUDE = (
    "{%- set go = namespace(system='', messages=[], tools=[]VARIABLES) -%}"
    "{%- if tools -%}{%- set go.tools = tools -%}{%- endif -%}"
    "{%- for message in messages -%}"
    "{%- set role = 'system' if message['role'] == 'developer' else message['role'] -%}"
    "{%- set content = message['content'] or '' -%}"
    "{%- if role == 'system' -%}"
    "{%- set go.system = go.system + ('\\n\\n' if go.system else '') + content -%}{%- endif -%}"
    "{%- if go.messages and role != 'tool' and go.messages[-1]['role'] == role -%}"
    "{%- set last = go.messages[-1] -%}"
    "{%- set go.messages = go.messages[:-1] + [{'role': role, 'content': last['content'] + '\\n\\n' + content, "
    "'thinking': last['thinking'], 'tool_calls': last['tool_calls'], 'name': '', 'tool_call_id': ''}] -%}"
    "{%- else -%}"
    "{%- set go.messages = go.messages + [{'role': role, 'content': content, "
    "'thinking': message['reasoning_content'] or '', 'tool_calls': message['tool_calls'] or [], "
    "'name': message['name'] or '', 'tool_call_id': message['tool_call_id'] or ''}] -%}"
    "{%- endif -%}{%- endfor -%}"
)


class Value(NamedTuple):
    """Jinja expression with the kind of its value."""

    code: str
    kind: str


EMPTY = Value("''", "text")
ROOT_FIELDS = {
    "System": Value("go.system", "text"),
    "Messages": Value("go.messages", "messages"),
    "Tools": Value("go.tools", "tools"),
    "IsThinkSet": Value("(enable_thinking is defined)", "flag"),
    "Think": Value("(enable_thinking is defined and enable_thinking)", "flag"),
    **dict.fromkeys(("Prompt", "Response", "Suffix", "Query", "Document", "Instruction"), EMPTY),
}
"""Fields of the template's data. Those of other endpoints than chat are empty, as in Ollama."""
FIELDS: dict[str, dict[str, tuple[str, str]]] = {
    "message": {
        "Role": ("role", "text"),
        "Content": ("content", "text"),
        "Thinking": ("thinking", "text"),
        "ToolCalls": ("tool_calls", "calls"),
        "ToolName": ("name", "text"),
        "ToolCallID": ("tool_call_id", "text"),
    },
    "tool": {"Type": ("type", "text"), "Function": ("function", "function")},
    "function": {
        "Name": ("name", "text"),
        "Description": ("description", "text"),
        "Parameters": ("parameters", "schema"),
    },
    "call": {"ID": ("id", "text"), "Function": ("function", "called")},
    "called": {"Name": ("name", "text"), "Arguments": ("arguments", "arguments")},
}
"""Fields of each kind: key in Jinja and kind of the value."""
ELEMENTS = {"messages": "message", "tools": "tool", "calls": "call"}
PRINTED = {
    "text": "{}",
    "number": "{}",
    "flag": "('true' if {0} else 'false')",
    "arguments": "({0} if {0} is string else ({0} | tojson))",
    **dict.fromkeys(("tools", "tool", "function", "schema"), "({} | tojson)"),
}
"""Expression that prints a value of each kind."""
COMPARISONS = {"ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
CONSTANTS = {"true": Value("true", "flag"), "false": Value("false", "flag"), "nil": Value("none", "text")}
STATEMENTS = {"break": "{%- break -%}", "continue": "{%- continue -%}"}


class Block(NamedTuple):
    """Open block: its statement, the value of the dot inside it and after `else`, and its variables."""

    statement: str
    dot: Value
    outer: Value
    variables: dict[str, Value]


def translate_messages(parts: Sequence[Part]) -> str:
    """Return the Jinja template that renders conversations as Ollama renders a template over messages.

    Raises: Unsupported with the construct that cannot be translated.
    """
    translator = _Translator()
    body = "".join(translator.translate(part) for part in parts)
    if len(translator.blocks) > 1:
        raise Unsupported(f"{{{{ {translator.blocks[-1].statement} }}}} has no {{{{ end }}}}", HINT)
    variables = "".join(f", v{number}=''" for number in range(translator.count))
    return PRELUDE.replace("VARIABLES", variables) + body


class _Translator:
    """State of a translation: the open blocks, the innermost one last, and the number of variables and loops."""

    def __init__(self) -> None:
        root = Value("", "root")
        self.blocks = [Block("", root, root, {"$": root})]
        self.count = 0
        self.loops = 0

    def translate(self, part: Part) -> str:
        """Return a text or an action in Jinja."""
        if not part.is_action:
            return "{{- " + json.dumps(part.text, ensure_ascii=False) + " -}}"
        tokens = split_action(part.text)
        try:
            return self._translate_action(tokens)
        except Unsupported as error:
            raise Unsupported(f"{{{{ {part.text} }}}}: {error.message}", HINT) from error

    def _translate_action(self, tokens: list[TemplateToken]) -> str:
        words = [token.text for token in tokens]
        statements: dict[str, Callable[[list[TemplateToken]], str]] = {
            "if": self._open_if,
            "with": self._open_with,
            "range": self._open_range,
            "else": self._switch,
            "end": self._close,
        }
        first = words[0] if tokens else ""
        if first in statements and tokens[0].kind == "word":
            return statements[first](tokens[1:])
        if first in STATEMENTS and len(words) == 1:
            if not any(block.statement == "range" for block in self.blocks):
                raise Unsupported(f"{first} is outside of a loop", HINT)
            return STATEMENTS[first]
        if len(words) > 2 and first.startswith("$") and words[1] in (":=", "="):
            return self._assign(first, self._evaluate(tokens[2:]), is_new=words[1] == ":=")
        return "{{- " + self._print(self._evaluate(tokens)) + " -}}"

    def _open_if(self, tokens: list[TemplateToken]) -> str:
        value = self._evaluate(tokens)
        self._push("if", self._dot)
        return "{%- if " + value.code + " -%}"

    def _open_with(self, tokens: list[TemplateToken]) -> str:
        value = self._evaluate(tokens)
        self._push("with", value)
        return "{%- if " + value.code + " -%}"

    def _open_range(self, tokens: list[TemplateToken]) -> str:
        names: list[str] = []
        assign = next((index for index, token in enumerate(tokens) if token.text == ":="), None)
        if assign is not None:
            names = [token.text for token in tokens[:assign] if token.text != ","]
            tokens = tokens[assign + 1 :]
        value = self._evaluate(tokens)
        if value.kind not in ELEMENTS:
            raise Unsupported(f"range goes over {value.kind}, not over .Messages, .Tools or .ToolCalls", HINT)
        self.loops += 1
        element = Value(f"item{self.loops}", ELEMENTS[value.kind])
        self._push("range", element)
        # Jinja runs the else of a loop also if `continue` ended each round, so a condition takes its place.
        code = "{%- if " + value.code + " -%}{%- for " + element.code + " in " + value.code + " -%}"
        if names:
            self.blocks[-1].variables[names[-1]] = element
        if len(names) == 2:
            code += self._assign(names[0], Value("loop.index0", "number"), is_new=True)
        return code

    def _switch(self, tokens: list[TemplateToken]) -> str:
        block = self.blocks.pop()
        if not block.statement:
            raise Unsupported("else is outside of a block", HINT)
        is_loop = block.statement == "range"
        statement = "if" if is_loop else block.statement
        self.blocks.append(block._replace(statement=statement, dot=block.outer, variables={}))
        if not tokens:
            return "{%- endfor -%}{%- else -%}" if is_loop else "{%- else -%}"
        if tokens[0].text != "if" or block.statement != "if":
            raise Unsupported(f"{block.statement} has an else with a condition", HINT)
        return "{%- elif " + self._evaluate(tokens[1:]).code + " -%}"

    def _close(self, tokens: list[TemplateToken]) -> str:
        block = self.blocks.pop()
        if not block.statement or tokens:
            raise Unsupported("end is outside of a block", HINT)
        return "{%- endfor -%}{%- endif -%}" if block.statement == "range" else "{%- endif -%}"

    def _push(self, statement: str, dot: Value) -> None:
        self.blocks.append(Block(statement, dot, self._dot, {}))

    @property
    def _dot(self) -> Value:
        return self.blocks[-1].dot

    def _assign(self, name: str, value: Value, *, is_new: bool) -> str:
        if is_new:
            variable = Value(f"go.v{self.count}", value.kind)
            self.count += 1
            self.blocks[-1].variables[name] = variable
        else:
            variable = self._find_variable(name)
            if variable.kind != value.kind or not variable.code.startswith("go.v"):
                raise Unsupported(f"{name} changes from {variable.kind} to {value.kind}", HINT)
        return "{%- set " + variable.code + " = " + value.code + " -%}"

    def _find_variable(self, name: str) -> Value:
        for block in reversed(self.blocks):
            if name in block.variables:
                return block.variables[name]
        raise Unsupported(f"the variable {name} is not defined", HINT)

    def _print(self, value: Value) -> str:
        if value.kind not in PRINTED:
            raise Unsupported(f"a value of the kind {value.kind} has no text", HINT)
        return PRINTED[value.kind].format(value.code)

    def _evaluate(self, tokens: list[TemplateToken]) -> Value:
        """Return the value of a pipeline: commands separated by `|`, each with the previous value as last argument."""
        value: Value | None = None
        for command in _split_commands(tokens):
            value = self._run_command(command, value)
        if value is None:
            raise Unsupported("a value is missing", HINT)
        return value

    def _run_command(self, tokens: list[TemplateToken], last: Value | None) -> Value:
        """Return the value of a function with its arguments, or of a single operand."""
        operands = _split_operands(tokens)
        first = operands[0][0]
        is_call = first.kind == "word" and first.text not in CONSTANTS
        values = [self._find_operand(one) for one in operands[is_call:]]
        values += [last] if last else []
        if is_call:
            return call_function(first.text, values)
        if len(values) != 1:
            raise Unsupported("several values stand side by side", HINT)
        return values[0]

    def _find_operand(self, tokens: list[TemplateToken]) -> Value:
        """Return the value of a constant, a field chain, a variable or an expression in parentheses."""
        first = tokens[0]
        if first.text == "(":
            inner = tokens[1 : _closing(tokens)]
            rest = tokens[_closing(tokens) + 1 :]
            value = self._evaluate(inner)
            value = value._replace(code=f"({value.code})")
            return self._select(value, rest[0].text if rest else "")
        if first.kind == "text":
            return Value(json.dumps(parse_text(first.text), ensure_ascii=False), "text")
        if first.kind == "number":
            return Value(first.text, "number")
        if first.kind == "word":
            if first.text not in CONSTANTS:
                raise Unsupported(f"the function {first.text} is an argument without parentheses", HINT)
            return CONSTANTS[first.text]
        if first.text.startswith("$"):
            name, _, fields = first.text.partition(".")
            return self._select(self._find_variable(name), fields)
        return self._select(self._dot, first.text)

    def _select(self, value: Value, chain: str) -> Value:
        """Return a field of a value, through any number of fields."""
        for name in filter(None, chain.split(".")):
            if value.kind == "root":
                if name not in ROOT_FIELDS:
                    raise Unsupported(f"the field .{name} is unknown", HINT)
                value = ROOT_FIELDS[name]
                continue
            key, kind = FIELDS.get(value.kind, {}).get(name, ("", ""))
            if not key:
                raise Unsupported(f"the field .{name} of a value of the kind {value.kind} is unknown", HINT)
            value = Value(f"{value.code}['{key}']", kind)
        return value


def _split_commands(tokens: list[TemplateToken]) -> list[list[TemplateToken]]:
    """Return the commands of a pipeline. A `|` in parentheses belongs to the inner pipeline."""
    commands: list[list[TemplateToken]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")") if token.kind == "sign" else 0
        if token == TemplateToken("sign", "|") and not depth:
            commands.append([])
        else:
            commands[-1].append(token)
    if not all(commands):
        raise Unsupported("a value is missing", HINT)
    return commands


def _split_operands(tokens: list[TemplateToken]) -> list[list[TemplateToken]]:
    """Return the operands of a command. An expression in parentheses may be followed by its fields."""
    operands: list[list[TemplateToken]] = []
    position = 0
    while position < len(tokens):
        end = position + 1
        if tokens[position] == TemplateToken("sign", "("):
            end = position + _closing(tokens[position:]) + 1
            end += end < len(tokens) and tokens[end].kind == "fields"
        elif tokens[position].kind == "sign":
            raise Unsupported(f"{tokens[position].text!r} stands at an unexpected place", HINT)
        operands.append(tokens[position:end])
        position = end
    return operands


def _closing(tokens: list[TemplateToken]) -> int:
    """Return the position of the parenthesis that closes the first one."""
    depth = 0
    for position, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")") if token.kind == "sign" else 0
        if not depth:
            return position
    raise Unsupported("a parenthesis is not closed", HINT)


def call_function(name: str, values: list[Value]) -> Value:
    """Return the value of a function of Go's templates or of Ollama.

    Raises: Unsupported if the function is unknown, or takes other values.
    """
    codes = [value.code for value in values]
    kind = values[0].kind if values else ""
    number = len(values)
    if name in ("and", "or") and number:
        return Value("(" + f" {name} ".join(codes) + ")", values[-1].kind)
    if name == "not" and number == 1:
        return Value(f"(not {codes[0]})", "flag")
    if name == "eq" and number > 1:
        return Value("(" + " or ".join(f"{codes[0]} == {code}" for code in codes[1:]) + ")", "flag")
    if name in COMPARISONS and number == 2:
        return Value(f"({codes[0]} {COMPARISONS[name]} {codes[1]})", "flag")
    if name == "len" and number == 1 and kind in {*ELEMENTS, "text"}:
        return Value(f"({codes[0]} | length)", "number")
    if name == "slice" and number in (2, 3) and kind in {*ELEMENTS, "text"}:
        return Value(f"{codes[0]}[{':'.join([*codes[1:], ''][:2])}]", kind)
    if name == "index" and number == 2 and kind in ELEMENTS:
        return Value(f"{codes[0]}[{codes[1]}]", ELEMENTS[kind])
    if name == "json" and number == 1:
        return Value(f"({codes[0]} | tojson)" if kind != "arguments" else PRINTED[kind].format(codes[0]), "text")
    if name == "currentDate" and not number:
        return Value("strftime_now('%Y-%m-%d')", "text")
    raise Unsupported(f"the function {name} with {number} values cannot be translated", HINT)
