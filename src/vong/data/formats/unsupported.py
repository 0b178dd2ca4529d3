"""Rows of other trainers that are no training examples as they are: what they are, and how to convert them."""

from collections.abc import Mapping
from typing import Any

TEXT_HINT = (
    "write the question in 'prompt' and the answer in 'completion'; "
    "documents without questions belong in a knowledge base (vong knowledge upload), or for pre-training in a dataset "
    "(--format text --option column=COLUMN)"
)
LAYOUTS: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        frozenset({"prompt", "completions", "labels"}),
        "the rows are for stepwise supervision: 'completions' and 'labels' are lists",
        "write one row with 'prompt', 'completion' and 'label' for each step",
    ),
    (
        frozenset({"segments"}),
        "the rows are segments with a mask, written for one chat template",
        "write the conversation as 'messages'",
    ),
    (
        frozenset({"human_ref_A", "human_ref_B"}),
        "the rows compare two answers (SHP): 'labels' says which one is better",
        "write the better one in 'chosen' and the other in 'rejected'",
    ),
    *(
        (
            frozenset(names),
            "the rows compare two answers, and another column says which one is better",
            "write the better one in 'chosen' and the other in 'rejected'",
        )
        for names in (("response_0", "response_1"), ("response_a", "response_b"), ("answer_a", "answer_b"))
    ),
    (
        frozenset({"query", "answers", "tools"}),
        "the answers are lists of tool calls (xLAM)",
        "write 'messages' that end with a message with 'tool_calls', beside 'tools'",
    ),
    (
        frozenset({"system", "chat"}),
        "the column 'chat' is a transcript (Glaive)",
        "write its turns as 'messages'",
    ),
    (
        frozenset({"prompt", "answers"}),
        "the rows have several ranked answers",
        "write pairs of two answers in 'chosen' and 'rejected'",
    ),
    (
        frozenset({"prompt", "responses"}),
        "the rows have several answers",
        "write one row with 'prompt' and 'completion' for each answer, or pairs in 'chosen' and 'rejected'",
    ),
    (
        frozenset({"choices", "model_id"}),
        "the rows are answers of MT-bench without their questions",
        "join them with the questions by 'question_id', as 'messages'",
    ),
    (
        frozenset({"turns"}),
        "the rows are questions without answers ('turns')",
        "write the conversation with its answers as 'messages'",
    ),
    (
        frozenset({"message_id", "parent_id", "role"}),
        "the rows are single messages of a tree (OpenAssistant)",
        "join each path from question to answer as 'messages'",
    ),
    (
        frozenset({"custom_id", "body"}),
        "the rows are requests or results of a batch",
        "send them with: vong gateway batches start; for training write 'messages' that end with the answer",
    ),
    (
        frozenset({"paragraphs"}),
        "the rows are articles of SQuAD, one per line",
        'put them in one file: {"data": […]}',
    ),
)
"""Columns by which a layout is recognized, what it is, and what to do."""


def find_known_layout(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return message and hint for a row that has the columns of a known layout, or None."""
    return next(((message, hint) for names, message, hint in LAYOUTS if names <= row.keys()), None)


def find_unsupported_layout(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return message and hint for a row of a known layout that cannot be read, or None."""
    if found := find_known_layout(row):
        return found
    texts = [name for name in ("text", "content", "document", "prompt", "instruction", "question") if name in row]
    if texts and all(name in texts or not isinstance(row[name], str) for name in row):
        return f"the rows have only the text {texts[0]!r}, without an answer", TEXT_HINT
    return None
