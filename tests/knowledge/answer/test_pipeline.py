"""Answers with scripted retrieval and models: queries, passages, verification, refusals and budgets."""

from typing import Any

import pytest

from tests.knowledge.answer.services import ScriptedServices, answer, make_passage
from vong.errors import UpstreamFailed
from vong.knowledge.answer import AnswerSettings, ConversationEntry
from vong.knowledge.answer.events import DeltaEvent
from vong.knowledge.answer.pipeline import answer_question

WARRANTY = make_passage("The router carries a warranty of 24 months. It weighs 300 grams.", start=100, page=3)
RESET = make_passage("Hold the reset button for ten seconds.", path="reset.md", start=50)
TURN = ConversationEntry(question="How long is the warranty of the router?", answer="24 months [1].")


def test_events_come_in_order_and_the_answer_links_spans_to_places_in_documents() -> None:
    services = ScriptedServices([RESET, WARRANTY], "The router carries a warranty of 24 months [2]. Pigs can fly well.")
    events = list(answer_question("How long is the warranty?", "test", services, AnswerSettings()))
    names = [event.event for event in events]
    assert names[:3] == ["queries", "passages", "delta"] and names[-3:] == ["citation", "verification", "done"]
    found = answer(services, "How long is the warranty?")
    [citation] = found.citations
    assert found.text[citation.answer_start : citation.answer_end] == "The router carries a warranty of 24 months [2]."
    assert (citation.number, citation.page, citation.stated) == (2, 3, True)
    assert citation.quote == "The router carries a warranty of 24 months."
    assert (citation.start, citation.end) == (100, 143)
    assert found.unsupported == ("Pigs can fly well.",)
    assert [passage.path for passage in found.passages] == ["reset.md", "guide.md"]


def test_a_wrong_citation_is_corrected_and_a_missing_one_is_found() -> None:
    for text in ("The router carries a warranty of 24 months [1].", "The router carries a warranty of 24 months."):
        [citation] = answer(ScriptedServices([RESET, WARRANTY], text), "How long?").citations
        assert (citation.number, citation.stated) == (2, False)


@pytest.mark.parametrize(
    "text", ["The router carries a warranty of 36 months [1].", "The router carries no warranty of 24 months."]
)
def test_an_answer_that_contradicts_its_passage_is_replaced_or_marked(text: str) -> None:
    replaced = answer(ScriptedServices([WARRANTY], text), "How long is the warranty?")
    assert (replaced.answered, replaced.text) == (False, "The documents do not answer this.")
    assert replaced.rejected_text == text and replaced.citations == ()
    assert replaced.sentences[0].status == "contradicted" and replaced.sentences[0].reasons
    flagged = answer(ScriptedServices([WARRANTY], text), "How long?", verification={"mode": "flag"})
    assert flagged.answered and flagged.text == text and flagged.unsupported == (text,)
    unchecked = answer(ScriptedServices([WARRANTY], text), "How long?", verification={"mode": "off"})
    assert unchecked.answered and unchecked.sentences == ()


def test_the_share_of_supported_sentences_decides() -> None:
    text = "The router carries a warranty of 24 months. Pigs can fly well. Cows like green grass."
    assert not answer(ScriptedServices([WARRANTY], text), "How long?").answered
    assert answer(ScriptedServices([WARRANTY], text), "How long?", verification={"min_supported": 0.3}).answered


def test_a_calibrated_judge_decides_about_sentences_that_pass_the_other_checks() -> None:
    text = "The router carries a warranty of 24 months."
    settings: dict[str, Any] = {"verification": {"judge": "support"}}
    rejected = answer(ScriptedServices([WARRANTY], text, judged=0.0), "How long?", **settings)
    assert not rejected.answered and rejected.sentences[0].judge == 0.0
    assert answer(ScriptedServices([WARRANTY], text, judged=1.0), "How long?", **settings).answered
    assert answer(ScriptedServices([WARRANTY], text, judged=None), "How long?", **settings).answered


def test_without_a_matching_passage_no_model_is_called_and_the_refusal_has_the_language_of_the_question() -> None:
    services = ScriptedServices([WARRANTY], covered=0.1)
    assert answer(services, "Who founded it?").text == "The documents do not answer this."
    vietnamese = answer(services, "Ai là người sáng lập công ty?")
    assert vietnamese.text == "Các tài liệu không có câu trả lời cho câu hỏi này."
    assert answer(services, "Who?", no_answer_text="Ask a colleague.").text == "Ask a colleague."
    assert services.sent == [] and not vietnamese.answered


def test_a_refusal_of_the_model_is_no_answer() -> None:
    found = answer(ScriptedServices([WARRANTY], "The documents do not answer this. [1]"), "Who founded it?")
    assert (found.answered, found.text, found.citations) == (False, "The documents do not answer this.", ())


def test_a_follow_up_is_searched_as_an_independent_question() -> None:
    services = ScriptedServices([WARRANTY], "It weighs 300 grams.", completions=["How much does the router weigh?"])
    found = answer(services, "And how much does it weigh?", [TURN])
    assert services.queries == ["How much does the router weigh?"] == list(found.queries)
    assert TURN.question in services.sent[0][1].text and "How much does the router weigh?" in services.sent[1][1].text


@pytest.mark.parametrize(
    "rewritten", ["", "The warranty covers fire, theft and water damage.", "Buy our premium plan now?", TURN.question]
)
def test_a_useless_rewrite_is_not_used(rewritten: str) -> None:
    services = ScriptedServices([WARRANTY], "It weighs 300 grams.", completions=[rewritten])
    answer(services, "And how much does it weigh?", [TURN])
    assert services.queries == [f"{TURN.question} And how much does it weigh?"]
    assert f"Earlier question: {TURN.question}" in services.sent[1][1].text


def test_several_queries_are_fused_and_each_passage_is_returned_once() -> None:
    services = ScriptedServices(
        [RESET, WARRANTY],
        "Hold the reset button for ten seconds.",
        completions=["1. reset router\n2. restart router\n"],
    )
    found = answer(services, "How is it reset?", variants=3)
    assert services.queries == ["How is it reset?", "reset router", "restart router"]
    assert len(found.passages) == 2 and found.passages[0].score == pytest.approx(3 / 61)


def test_long_passages_are_cut_to_the_context_with_a_warning() -> None:
    long = make_passage("word " * 2000, path="long.md")
    services = ScriptedServices(
        [WARRANTY, long, RESET], "The router carries a warranty of 24 months.", context_tokens=800
    )
    found = answer(services, "How long is the warranty?", max_tokens=100)
    assert services.count_tokens(services.sent[0]) <= 800 - 100
    assert [passage.path for passage in found.passages] == ["guide.md", "long.md"]
    assert len(found.warnings) == 2 and "reset.md" in found.warnings[1] and "shortened" in found.warnings[0]
    assert found.passages[1].chunk.text in long.chunk.text


def test_closing_the_events_stops_the_model_call() -> None:
    services = ScriptedServices([WARRANTY], "The router carries a warranty of 24 months. " * 5)
    events = answer_question("How long?", "test", services, AnswerSettings())
    assert any(isinstance(event, DeltaEvent) for event in events) and not services.closed
    events.close()
    assert services.closed


def test_a_model_that_repeats_itself_is_stopped() -> None:
    services = ScriptedServices([WARRANTY], "The router carries a warranty of 24 months. " * 200)
    events = list(answer_question("How long?", "test", services, AnswerSettings()))
    assert sum(isinstance(event, DeltaEvent) for event in events) < 100 and services.closed


def test_an_error_of_the_model_ends_the_events() -> None:
    class Failing(ScriptedServices):
        def stream(self, messages: object, max_tokens: int) -> object:  # type: ignore[override]
            raise UpstreamFailed("model 'test': too many requests")

    with pytest.raises(UpstreamFailed, match="model 'test'"):
        answer(Failing([WARRANTY]), "How long?")


def test_the_context_of_a_passage_is_read_and_cited() -> None:
    wide = WARRANTY.model_copy(update={"context": f"Model X2. {WARRANTY.chunk.text} It has two ports."})
    [citation] = answer(ScriptedServices([wide], "It has two ports."), "How many ports?").citations
    assert citation.quote == "It has two ports." and citation.start == 100 - 10 + len(
        f"Model X2. {WARRANTY.chunk.text} "
    )
