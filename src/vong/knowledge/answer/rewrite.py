"""Rewriting of a question: independent of earlier turns, and as several search queries."""

import re
from collections.abc import Sequence

from vong.knowledge.answer.records import ConversationEntry
from vong.records import Message
from vong.sentence_support.words import WordSet, tokenize

MAX_ENTRIES = 6
"""Earlier turns that the model reads."""
MAX_ANSWER_CHARACTERS = 600
"""Characters of each earlier answer that the model reads."""
MAX_QUERY_CHARACTERS = 400
"""Length of a rewritten question. A longer text is no question and is not used."""
REWRITE_INSTRUCTION = (
    "Rewrite the last question so that it can be understood without the conversation: replace words such as it, they, "
    "there or that by what they refer to. Keep its language and do not answer it. Return only the question."
)
VARIANTS_INSTRUCTION = (
    "Write {count} other search queries for the question, with other words for the same things, in the language of the "
    "question. Return one query per line and nothing else."
)
LINE_PREFIX = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)]|(?:question|query|rewritten question|câu hỏi)\s*\d*\s*:)\s*", re.I)


def build_rewrite_prompt(question: str, turns: Sequence[ConversationEntry]) -> list[Message]:
    """Return the messages that ask for a question that is independent of the earlier turns."""
    lines = [
        f"Question: {turn.question}\nAnswer: {turn.answer[:MAX_ANSWER_CHARACTERS]}" for turn in turns[-MAX_ENTRIES:]
    ]
    conversation = "\n".join(lines)
    return [
        Message(role="system", content=REWRITE_INSTRUCTION),
        Message(role="user", content=f"{conversation}\n\nLast question: {question}"),
    ]


def parse_rewritten(text: str, question: str, turns: Sequence[ConversationEntry]) -> str | None:
    """Return the rewritten question. Returns None if the text is no question about the same things.

    A model may answer instead, repeat an earlier question, or write about something else. Therefore its content words
    must come from the question or the conversation, and half of those of the question must be among them.
    """
    line = next((line for line in text.strip().splitlines() if line.strip()), "")
    rewritten = LINE_PREFIX.sub("", line).strip().strip("\"'“”")
    if not rewritten or len(rewritten) > MAX_QUERY_CHARACTERS:
        return None
    known = WordSet(tokenize(" ".join([question, *(f"{turn.question} {turn.answer}" for turn in turns)])))
    content = [token for token in tokenize(rewritten) if token.is_content]
    if not content or sum(token.key in known for token in content) < 0.8 * len(content):
        return None
    asked = [token for token in tokenize(question) if token.is_content]
    words = WordSet(content)
    if sum(token.key in words for token in asked) < 0.5 * len(asked) or ("?" in question and "?" not in rewritten):
        return None
    return rewritten


def build_variants_prompt(question: str, count: int) -> list[Message]:
    """Return the messages that ask for other search queries."""
    return [
        Message(role="system", content=VARIANTS_INSTRUCTION.format(count=count)),
        Message(role="user", content=f"Question: {question}"),
    ]


def parse_variants(text: str, question: str, count: int) -> list[str]:
    """Return the search queries of a model, without the question itself, empty, long and equal ones."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        query = LINE_PREFIX.sub("", line).strip().strip("\"'“”")
        key = query.casefold()
        if 3 <= len(query) <= MAX_QUERY_CHARACTERS and key != question.casefold():
            found.setdefault(key, query)
    return list(found.values())[:count]


def join_with_previous(question: str, turns: Sequence[ConversationEntry]) -> str:
    """Return a search query from the previous question and this one, for a question that could not be rewritten."""
    return f"{turns[-1].question} {question}" if turns else question
