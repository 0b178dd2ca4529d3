"""Instructions inside passages: they are data, and are removed before a model reads the passage."""

from collections.abc import Callable, Sequence

from vong.knowledge.answer.records import PassageGuardMode
from vong.records import RetrievedPassage
from vong.sentence_support.sentences import split_sentences

REMOVED = "[…]"
"""Note in place of a removed sentence."""
FindInstructions = Callable[[Sequence[str]], list[bool]]
"""Check for each text if it tries to give instructions to a model."""


def remove_instructions(
    passages: Sequence[RetrievedPassage], mode: PassageGuardMode, find_instructions: FindInstructions
) -> tuple[list[RetrievedPassage], list[str]]:
    """Return the passages without instructions to the model, and a warning for each that had some.

    A sentence with an instruction is replaced by a note of its length, so that offsets in the passage stay valid. A
    passage is dropped if the mode is `drop`, or if the whole is found and none of its sentences.
    """
    if mode == "off" or not passages:
        return list(passages), []
    kept: list[RetrievedPassage] = []
    warnings: list[str] = []
    sentences = [split_sentences(passage.chunk.text) for passage in passages]
    texts = [sentence.text for found in sentences for sentence in found]
    found_in_sentences = iter(find_instructions(texts))
    found_in_whole = find_instructions([passage.chunk.text for passage in passages])
    for passage, parts, is_whole in zip(passages, sentences, found_in_whole, strict=True):
        found = [part for part in parts if next(found_in_sentences)]
        if not found and not is_whole:
            kept.append(passage)
            continue
        place = f"{passage.path}, characters {passage.chunk.start} to {passage.chunk.end}"
        if mode == "drop" or not found:
            warnings.append(f"a passage with instructions to the model was left out ({place})")
            continue
        text = passage.chunk.text
        for part in reversed(found):
            # Spaces keep the offsets of the other sentences, and the line break ends the sentence.
            note = REMOVED.ljust(part.end - part.start - 1)[: part.end - part.start - 1] + "\n"
            text = text[: part.start] + note + text[part.end :]
        warnings.append(f"{len(found)} sentences with instructions to the model were removed from a passage ({place})")
        if is_whole and any(find_instructions([text])):
            warnings[-1] = f"a passage with instructions to the model was left out ({place})"
            continue
        kept.append(passage.model_copy(update={"chunk": passage.chunk.model_copy(update={"text": text})}))
    return kept, warnings
