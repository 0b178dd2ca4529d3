"""Translation of Ollama's chat templates to Jinja.

Ollama renders a template over messages once (`ollama_messages`). A template that consists of constant texts, `.System`,
`.Prompt` and `.Response`, with conditions on them, is rendered once per turn. Templates with another construct are not
translated, because a wrong template makes a good model answer nonsense. Neither is `{{ .Prompt }}` alone, which models
without a template have.
"""

import json
import re
from collections.abc import Sequence

from vong.errors import Unsupported
from vong.registry.go_template_lexer import HINT, Part, split_template
from vong.registry.ollama_messages import translate_messages

MESSAGES = re.compile(r"\.Messages\b")
FIELDS = {".System": "turn.system", ".Prompt": "turn.prompt"}
RESPONSE = ".Response"
CONDITION = re.compile(r"if (\.System|\.Prompt)")
ENDS = {"else": "{% else %}", "end": "{% endif %}"}

MESSAGE_TEMPLATE = (
    "{%- set turn = namespace(system='', prompt='') -%}"
    "{%- for message in messages -%}"
    "{%- if message['role'] in ('system', 'developer') -%}{%- set turn.system = message['content'] -%}"
    "{%- elif message['role'] == 'user' -%}{%- set turn.prompt = message['content'] -%}"
    "BEFORE{%- set turn.system = '' -%}"
    "{%- else -%}{{- message['content'] -}}AFTER{%- endif -%}"
    "{%- endfor -%}"
)


def to_jinja(template: str) -> str:
    """Return the Jinja template that renders conversations as Ollama does.

    Raises: Unsupported with the construct that cannot be translated.
    """
    parts = split_template(template)
    if not any(not part.is_action and part.text.strip() for part in parts):
        raise Unsupported("the template has no text around messages, as that of a model without a chat format", HINT)
    if any(part.is_action and MESSAGES.search(part.text) for part in parts):
        return translate_messages(parts)
    responses = [index for index, part in enumerate(parts) if part == Part(True, RESPONSE)]
    if len(responses) > 1 or Part(True, ".Prompt") not in parts:
        missing = "{{ .Response }} more than once" if len(responses) > 1 else "neither {{ .Prompt }} nor .Messages"
        raise Unsupported(f"the template has {missing}", HINT)
    end = responses[0] if responses else len(parts)
    before, after = _translate(parts[:end]), _translate(parts[end + 1 :])
    return MESSAGE_TEMPLATE.replace("BEFORE", before).replace("AFTER", after)


def _translate(parts: Sequence[Part]) -> str:
    """Return the parts in Jinja.

    Raises: Unsupported if an action is unknown or a condition has no end.
    """
    texts: list[str] = []
    depth = 0
    for part in parts:
        if not part.is_action:
            texts.append("{{- " + json.dumps(part.text, ensure_ascii=False) + " -}}")
        elif part.text in FIELDS:
            texts.append("{{- " + FIELDS[part.text] + " -}}")
        elif match := CONDITION.fullmatch(part.text):
            texts.append("{%- if " + FIELDS[match[1]] + " -%}")
            depth += 1
        elif part.text in ENDS and depth:
            texts.append(ENDS[part.text].replace("{%", "{%-").replace("%}", "-%}"))
            depth -= part.text == "end"
        else:
            raise Unsupported(f"{{{{ {part.text} }}}} cannot be translated", HINT)
    if depth:
        raise Unsupported("a condition has no {{ end }} before {{ .Response }}", HINT)
    return "".join(texts)
