"""Templates of text: literal braces, values, errors with lines, limits and the sandbox."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vong.errors import InvalidInput
from vong.text_templates import check_template, find_variables, limits, render_text, render_value


@pytest.mark.parametrize(
    "text",
    [
        '{ "a": 1 }',
        '{"a": {"b": {"c": []}}}',
        "{name} and {0}",
        "a dict (can be empty {} or { })",
        "f(x) = {x | x > 0}",
        "a } b }} c",
        "\\frac{1}{2}",
        "line\r\nnext\n\n",
        "",
    ],
)
def test_text_without_tags_stays_as_it_is(text: str) -> None:
    assert render_text(text, {}) == text
    assert find_variables(text) == set()


def test_json_beside_variables_needs_no_escape() -> None:
    text = 'Return {"urgent": true, "items": [{"id": 1}]} for {{ ticket }}\n'
    assert render_text(text, {"ticket": "{{ x }}"}) == 'Return {"urgent": true, "items": [{"id": 1}]} for {{ x }}\n'
    assert render_text("{% raw %}{{ a }}{% endraw %} {{ '{{' }}", {}) == "{{ a }} {{"


@given(st.text(), st.text())
@settings(max_examples=60, deadline=None)
def test_a_value_is_inserted_as_it_is_and_never_read_as_a_template(value: str, other: str) -> None:
    assert render_text("[{{ a }}|{{ b }}]", {"a": value, "b": other}) == f"[{value}|{other}]"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ x }}", '{"tên": ["<", null, true, 1.5]}'),
        ("{{ x | tojson }}", '{"tên": ["<", null, true, 1.5]}'),
        ("{{ x.tên | join(', ') }}", "<, , true, 1.5"),
        ("{{ none }}{{ true }}", "true"),
        ("{{ o.items }}{{ o.items | length }}", "[1, 2]2"),
        ("{% for k, v in x.items() %}{{ loop.index }}/{{ loop.length }}{% endfor %}", "1/1"),
        ("{{ range(5) | select('odd') | list }}", "[1, 3]"),
        ("{% for n in range(5) %}{% if n == 2 %}{% break %}{% endif %}{{ n }}{% endfor %}", "01"),
        ("{{ '%.2f' | format(1.234) }} {{ '%s-%s' % (1, 2) }}", "1.23 1-2"),
        ("{{ 'a,b'.split(',') | last }} {{ 'A' | lower }}", "b a"),
        ("{% macro f(n) %}{{ n }}{% if n %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(2) }}", "210"),
        ("{{ missing | default('-') }}", "-"),
    ],
)
def test_values_are_written_as_json_and_keys_come_before_methods(template: str, expected: str) -> None:
    variables = {"x": {"tên": ["<", None, True, 1.5]}, "o": {"items": [1, 2]}}
    assert render_text(template, variables) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{{ x }}", [1, {"a": None}]),
        (" {{ x[1] }}\n", {"a": None}),
        ("{{ x | length > 1 }}", True),
        ("{{ range(2) }}", [0, 1]),
        ("n: {{ x[0] }}", "n: 1"),
        ("{{ x[0] }}{{ x[0] }}", "11"),
        ({"a": ["{{ x[0] }}"], "b": 2}, {"a": [1], "b": 2}),
        ("{{ x[1].items() | list }}", [["a", None]]),
    ],
)
def test_a_single_expression_keeps_the_type_of_its_value(value: Any, expected: Any) -> None:
    assert render_value(value, {"x": [1, {"a": None}]}) == expected


def test_variables_are_found_without_names_that_a_template_sets() -> None:
    found = find_variables(["{% set y = x %}{{ y }}", {"a": "{% for z in zs %}{{ z }}{{ loop.index }}{% endfor %}"}])
    assert found == {"x", "zs"}


@pytest.mark.parametrize(
    ("template", "message", "hint"),
    [
        ("a\nb {{ name }}", "line 2: the variable 'name' is missing", "default('')"),
        ('{{ "a": 1 }}', "line 1: expected token 'end of print statement', got ':'", "{% raw %}"),
        ("a\n{% if x %}", "line 2: Unexpected end of template", "{% raw %}"),
        ('Desc: {{\n  "some": "thing"\n}}', "line 2: expected token 'end of print statement'", "{% raw %}"),
        ("{# note", "line 1: Missing end of comment tag", "{% raw %}"),
        ("{{ x | tojsn }}", "line 1: No filter named 'tojsn'", "did you mean 'tojson'?"),
        ("{{ x.y.z }}", "line 1: the object has no field 'y'", "default"),
        ("\n{{ x + 1 }}", "line 2: unsupported operand", "types"),
        ("{{ name.title }}", "the variable 'name' is missing", ""),
        ("{{ 'a'.title }}", "'title' is a function: call it with ()", ""),
        ("{% include 'x' %}", "cannot include or import", "write the text"),
        ("{% import 'x' as y %}", "cannot include or import", "write the text"),
    ],
)
def test_errors_name_the_line_and_the_way_to_fix_it(template: str, message: str, hint: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        render_text(template, {"x": {}}, name="messages[0]")
    assert caught.value.message.startswith("messages[0]")
    assert message in caught.value.message
    assert hint in caught.value.hint


ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ x.__class__ }}",
    "{{ x['__class__'] }}",
    "{{ x | attr('__class__') }}",
    "{{ ''['format'] }}",
    "{{ '{0.__class__}'.format(x) }}",
    "{{ '{a}'.format_map(x) }}",
    "{% set f = 'a'.format %}{{ f() }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ range.__class__ }}",
    "{{ self.__init__ }}",
    "{{ loop.__class__ }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ lipsum.__globals__ }}",
    "{{ y.append(1) }}",
    "{{ x.update({'a': 1}) }}",
    "{{ x.pop('a') }}",
    "{{ (1).to_bytes(10) }}",
    "{{ 'a'.encode() }}",
    "{{ dict.fromkeys([1]) }}",
    "{{ [].__class__.__base__.__subclasses__() }}",
    "{% for a in y %}{{ loop._iterator }}{% endfor %}",
    "{% macro m() %}{% endmacro %}{{ m._func }}",
    "{{ x | map('attr', '__class__') | list }}",
    "{{ y | map(attribute='__class__') | list }}",
]


@pytest.mark.parametrize("template", ESCAPES)
def test_nothing_leaves_the_sandbox(template: str) -> None:
    before: dict[str, Any] = {"x": {"a": 1}, "y": [1]}
    with pytest.raises(InvalidInput):
        render_text(template, before)
    assert before == {"x": {"a": 1}, "y": [1]}


BOMBS = [
    "{{ 'x' * 10 ** 9 }}",
    "{{ [1] * 10 ** 9 }}",
    "{{ 10 ** (10 ** 6) }}",
    "{{ 2 ** (2 ** 20) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%*d' % (1000000000, 1) }}",
    "{{ '%1000000000d' | format(1) }}",
    "{{ '{:>1000000000}'.format(1) }}",
    "{{ 'x'.ljust(10 ** 9) }}",
    "{{ 'x'.zfill(10 ** 9) }}",
    "{{ 'x' | center(10 ** 9) }}",
    "{{ ('x\n' * 10000) | indent(9999) }}",
    "{{ [1] | batch(10 ** 9, 0) | list }}",
    "{{ [1] | slice(10 ** 9) | list }}",
    "{{ 1.5 | round(10 ** 8) }}",
    "{{ ('a' * 100000) | replace('a', 'b' * 100000) }}",
    "{{ ('a' * 100000).replace('a', 'b' * 100000) }}",
    "{{ ('a' * 100000).join(range(100000) | map('string')) }}",
    "{{ range(99999) | map('center', 9999) | join }}",
    "{{ range(99999) | map('center', 9999) | list }}",
    "{{ ('a ' * 100000) | wordwrap(1, wrapstring='b' * 100000) }}",
    "{{ range(10 ** 9) | list }}",
    "{% set n = namespace(x='aa') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "{% set n = namespace(x='aa') %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% set n = namespace(x=[]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
    "{% set n = namespace(x=1) %}{% for i in range(60) %}{% set n.x = {'a': n.x, 'b': n.x} %}{% endfor %}{{ n.x }}",
    "{% set n = namespace(x=1) %}{% for i in range(60) %}{% set n.x = (n.x, n.x) %}{% endfor %}{{ n.x }}",
    "{% set n = namespace(x=1) %}{% for i in range(60) %}{% set n.x = dict(a=n.x, b=n.x) %}{% endfor %}{{ n.x }}",
    "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
    "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "{% for i in range(99999) %}{{ 'x' * 9999 }}{% endfor %}",
    "{% set x %}{% for i in range(99999) %}{{ 'x' * 9999 }}{% endfor %}{% endset %}",
    "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "{{ " + "+".join(["1"] * 24000) + " }}",
    "{{ x }}" * 30000,
    "{% for a in [1] %}" * 30 + "{% endfor %}" * 30,
]


@pytest.mark.parametrize("template", BOMBS)
def test_no_template_takes_long_or_needs_much_memory(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RENDER_SECONDS", 0.2)
    start = time.thread_time()
    with pytest.raises(InvalidInput):
        render_text(template, {"x": 1})
    assert time.thread_time() - start < 3


def test_long_templates_and_outputs_are_rejected_with_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    million = "ế" * 1_000_000
    assert render_text(million + "{{ x }}", {"x": million}) == million * 2
    monkeypatch.setattr(limits, "MAX_OUTPUT_CHARS", 1_500_000)
    with pytest.raises(InvalidInput, match="more than 1500000 characters"):
        render_text("{{ x }}{{ x }}", {"x": million})
    with pytest.raises(InvalidInput, match="2000005 characters"):
        check_template("{{ x }}"[:5] + "x" * 2_000_000)
