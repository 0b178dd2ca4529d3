"""Conversations written as one text: `Human: … Assistant: …`, `### Human: …` and ChatML."""

import re

from vong.records import Message

PLAIN = re.compile(r"(?:\A|\n\n)(Human|Assistant): ?")
MARKED = re.compile(r"(?:\A|\n)### ?(Human|User|System|Assistant): ?")
CHATML = re.compile(r"<\|im_start\|>\s*(system|user|assistant|tool)\s*\n(.*?)(?:<\|im_end\|>\s*|\Z)", re.DOTALL)


def parse_transcript(text: str) -> list[Message] | None:
    """Return the messages of a transcript, or None if the text is none.

    A transcript begins with a turn of the user or the system, and contains the beginning of an answer, which may be
    empty, as at the end of a prompt.
    """
    text = text.strip()
    if text.startswith("<|im_start|>"):
        turns = [(role, content.strip("\n")) for role, content in CHATML.findall(text)]
    else:
        pieces = (MARKED if text.startswith("###") else PLAIN).split(text)
        if pieces[0].strip():
            return None
        turns = list(zip(pieces[1::2], (piece.strip() for piece in pieces[2::2]), strict=True))
    messages = [
        Message.model_validate({"role": {"human": "user"}.get(role.lower(), role.lower()), "content": content})
        for role, content in turns
    ]
    roles = [message.role for message in messages]
    return messages if roles and roles[0] in {"user", "system"} and "assistant" in roles else None
