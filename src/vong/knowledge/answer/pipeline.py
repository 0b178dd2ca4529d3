"""The steps of an answer: queries, retrieval, prompt, model call, cleanup and verification, as a stream of events."""

from collections.abc import Generator, Iterator, Sequence
from functools import partial

from vong.knowledge.answer.events import (
    AnswerEvent,
    CitationEvent,
    DeltaEvent,
    DoneEvent,
    PassagesEvent,
    QueriesEvent,
    VerificationEvent,
)
from vong.knowledge.answer.instructions import remove_instructions
from vong.knowledge.answer.language import detect_question_language, is_no_answer, no_answer_text
from vong.knowledge.answer.prompt import Budget, Prompt, build_prompt, fit_prompt
from vong.knowledge.answer.queries import fuse_passages, widen_passage
from vong.knowledge.answer.records import (
    DEFAULT_CONTEXT_TOKENS,
    AnswerSettings,
    ConversationEntry,
    RagAnswer,
)
from vong.knowledge.answer.rewrite import (
    build_rewrite_prompt,
    build_variants_prompt,
    join_with_previous,
    parse_rewritten,
    parse_variants,
)
from vong.knowledge.answer.services import AnswerServices
from vong.knowledge.answer.verification import Verification, Verifier, verify
from vong.knowledge.postprocess import clean_answer
from vong.records import Record, RetrievedPassage

MIN_QUESTION_COVERAGE = 0.5
"""Share of the question's words (weighted by rarity) that passages without a strong match must contain."""
REWRITE_TOKENS, VARIANT_TOKENS = 96, 48
"""Tokens of a rewritten question, and of each search query."""
REPETITION_CHECK_CHARACTERS = 80
"""Characters between two checks of a streamed answer for repetitions."""


class Query(Record):
    """Question that is independent of the conversation, and its search queries.

    `turns` are the earlier turns if the question still depends on them.
    """

    question: str
    queries: tuple[str, ...]
    language: str
    turns: tuple[ConversationEntry, ...] = ()


def answer_question(
    question: str,
    model: str,
    services: AnswerServices,
    settings: AnswerSettings,
    turns: Sequence[ConversationEntry] = (),
) -> Generator[AnswerEvent]:
    """Yield the events of an answer. The last one is `DoneEvent`.

    No model is called for the answer if no passage matches the question. Closing the generator stops the model call.
    """
    query = _build_query(question, services, settings, turns)
    yield QueriesEvent(question=query.question, queries=query.queries)
    retrieved = _retrieve(query, services, settings)
    refusal = settings.no_answer_text or no_answer_text(query.language)
    answer = RagAnswer(
        question=question,
        answered=False,
        text=refusal,
        passages=tuple(retrieved),
        queries=query.queries,
        index_version=services.index_version,
    )
    matching = _select_matching(query, retrieved, services)
    matching = [widen_passage(passage) for passage in matching]
    safe, warnings = remove_instructions(matching, settings.guard, services.find_instructions)
    if not safe:
        yield PassagesEvent(passages=tuple(retrieved), warnings=tuple(warnings))
        yield DoneEvent(answer=answer.model_copy(update={"warnings": tuple(warnings)}))
        return
    prompt = _build_fitting_prompt(query, safe, services, settings, refusal)
    warnings += prompt.warnings
    answer = answer.model_copy(update={"passages": tuple(prompt.passages), "warnings": tuple(warnings)})
    yield PassagesEvent(passages=answer.passages, warnings=answer.warnings)
    if not prompt.passages:
        yield DoneEvent(answer=answer)
        return
    text = yield from _stream_text(prompt, services, settings)
    text = clean_answer(text, len(prompt.passages))
    answer = answer.model_copy(update={"model": model, "span_id": services.call_span_id})
    if not text or is_no_answer(text) or refusal.rstrip(".") in text:
        yield DoneEvent(answer=answer)
        return
    yield from _verify(answer.model_copy(update={"text": text, "answered": True}), query, services, settings, refusal)


def _build_query(
    question: str, services: AnswerServices, settings: AnswerSettings, turns: Sequence[ConversationEntry]
) -> Query:
    """Return the search queries of a question. The model is called only for a conversation or several queries."""
    language = detect_question_language(question)
    if not (turns and settings.rewrite) and settings.variants == 1:
        return Query(question=question, queries=(question,), language=language)
    with services.step("knowledge.rewrite") as span:
        standalone, open_turns = question, tuple(turns)
        if turns and settings.rewrite:
            text = services.complete(build_rewrite_prompt(question, turns), REWRITE_TOKENS, settings.rewrite_model)
            rewritten = parse_rewritten(text, question, turns)
            standalone, open_turns = (rewritten, ()) if rewritten else (question, tuple(turns))
        queries = [join_with_previous(standalone, open_turns)]
        if settings.variants > 1:
            count = settings.variants - 1
            messages = build_variants_prompt(queries[0], count)
            text = services.complete(messages, VARIANT_TOKENS * count, settings.rewrite_model)
            queries += parse_variants(text, queries[0], count)
        span.set(input=question, output={"question": standalone, "queries": queries})
    return Query(question=standalone, queries=tuple(queries), language=language, turns=open_turns)


def _retrieve(query: Query, services: AnswerServices, settings: AnswerSettings) -> list[RetrievedPassage]:
    with services.step("knowledge.retrieve", "retrieval") as span:
        results = [services.retrieve(one, settings.limit) for one in query.queries]
        passages = fuse_passages(results, settings.limit)
        output = [
            {"path": passage.path, "chunk": str(passage.chunk.id), "score": passage.score,
             "similarity": passage.similarity}
            for passage in passages
        ]  # fmt: skip
        span.set(input=list(query.queries), output=output, chunks=[str(passage.chunk.id) for passage in passages])
    return passages


def _select_matching(
    query: Query, passages: Sequence[RetrievedPassage], services: AnswerServices
) -> list[RetrievedPassage]:
    """Return the passages that match the question. Returns none if neither similarity nor words are sufficient."""
    thresholds = services.thresholds
    if thresholds.match is None or thresholds.strong_match is None:
        coverage = services.coverage(query.queries[0], passages) if passages else 0.0
        return list(passages) if coverage >= MIN_QUESTION_COVERAGE else []
    match, strong_match = thresholds.match, thresholds.strong_match
    matching = [passage for passage in passages if passage.similarity >= match]
    if not matching:
        return []
    if any(passage.similarity >= strong_match for passage in matching):
        return matching
    return matching if services.coverage(query.queries[0], passages) >= MIN_QUESTION_COVERAGE else []


def _build_fitting_prompt(
    query: Query,
    passages: Sequence[RetrievedPassage],
    services: AnswerServices,
    settings: AnswerSettings,
    refusal: str,
) -> Prompt:
    context = settings.context_tokens or services.context_tokens or DEFAULT_CONTEXT_TOKENS
    build = partial(build_prompt, query.question, language=query.language, no_answer=refusal, turns=query.turns)
    return fit_prompt(build, passages, Budget(context, settings.max_tokens, services.count_tokens))


def _stream_text(
    prompt: Prompt, services: AnswerServices, settings: AnswerSettings
) -> Generator[AnswerEvent, None, str]:
    """Yield the parts of the answer and return its text. A model that repeats itself is stopped."""
    text = ""
    checked = 0
    parts: Iterator[str] = services.stream(prompt.messages, settings.max_tokens)
    try:
        for part in parts:
            text += part
            yield DeltaEvent(text=part)
            if len(text) - checked >= REPETITION_CHECK_CHARACTERS:
                checked = len(text)
                if _repeats(text, len(prompt.passages)):
                    break
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    return text


def _repeats(text: str, passages: int) -> bool:
    """Check if the cleanup would cut the text before its last sentence."""
    return len(clean_answer(text + " …", passages)) < 0.7 * len(text)


def _verify(
    answer: RagAnswer, query: Query, services: AnswerServices, settings: AnswerSettings, refusal: str
) -> Iterator[AnswerEvent]:
    options = settings.verification
    with services.step("knowledge.verify") as span:
        judge = partial(services.judge, options.judge) if options.judge and options.mode != "off" else None
        verifier = Verifier(services.embed, services.thresholds, judge)
        found = (
            verify(answer.text, answer.passages, verifier, query.question)
            if options.mode != "off"
            else Verification((), ())
        )
        replaced = options.mode == "replace" and found.is_rejected(options.min_supported)
        span.set(
            input=answer.text,
            output={"replaced": replaced, "sentences": [one.model_dump(mode="json") for one in found.sentences]},
        )
    fields = {"sentences": found.sentences, "unsupported": found.unsupported, "citations": found.citations}
    if replaced:
        fields |= {"answered": False, "rejected_text": answer.text, "text": refusal, "citations": ()}
    answer = answer.model_copy(update=fields)
    for citation in answer.citations:
        yield CitationEvent(citation=citation)
    yield VerificationEvent(sentences=found.sentences, replaced=replaced)
    yield DoneEvent(answer=answer)
