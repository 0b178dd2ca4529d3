"""Questions about the sample handbook: answerable ones reach the model, others do not."""

import json
from pathlib import Path

from sqlalchemy import Connection

from tests.knowledge.answer.services import ScriptedServices, answer
from vong import knowledge
from vong.knowledge.answer import find_thresholds

SAMPLES = Path(__file__).parents[3] / "samples"
EMBEDDER = knowledge.MiniLmEmbedder(threads=1)


def test_the_handbook_answers_its_questions_and_reports_unanswerable_ones(connection: Connection) -> None:
    for file in sorted((SAMPLES / "handbook").iterdir()):
        knowledge.index_file(connection, "real", file.name, file.read_bytes(), EMBEDDER)
    for line in (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        expected = json.loads(line)
        question = expected["question"]
        passages = knowledge.retrieve(connection, "real", question, EMBEDDER, limit=4)
        covered = knowledge.compute_coverage(connection, "real", question, passages)
        services = ScriptedServices(passages, "Yes.", covered=covered)
        services.thresholds = find_thresholds(EMBEDDER.version)
        assert answer(services, question).answered == (expected["document"] is not None), question
        if expected["document"]:
            assert any(expected["answer_holds"] in passage.chunk.text for passage in passages), question
