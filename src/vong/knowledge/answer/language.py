"""Language of a question, and the fixed texts of answers in that language."""

import re

from vong.language_detection import detect_language

VIETNAMESE_LETTERS = re.compile(r"[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE)
"""Letters that only Vietnamese uses, or hardly any other language."""
NO_ANSWER_TEXTS = {
    "en": "The documents do not answer this.",
    "vi": "Các tài liệu không có câu trả lời cho câu hỏi này.",
}
"""Text of an answer that is not in the documents, by language."""
NO_ANSWER_TEXT = NO_ANSWER_TEXTS["en"]


def detect_question_language(question: str) -> str:
    """Return `vi` for a Vietnamese question, else the ISO 639 code that the detector finds, or `en`."""
    if VIETNAMESE_LETTERS.search(question):
        return "vi"
    found = detect_language(question)
    return "en" if found == "unknown" else found


def no_answer_text(language: str) -> str:
    """Return the text of an answer that is not in the documents. Languages without a text use English."""
    return NO_ANSWER_TEXTS.get(language, NO_ANSWER_TEXT)


def is_no_answer(text: str) -> bool:
    """Check if a model answered that the documents do not answer the question."""
    found = " ".join(text.lower().split())
    return any(phrase.rstrip(".").lower() in found for phrase in NO_ANSWER_TEXTS.values())
