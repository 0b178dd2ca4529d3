"""Commands of `vong knowledge`: documents, retrieval and cited answers."""

import click

from vong.cli.knowledge_answers import answer_settings, ask, document_text, passage_feedback
from vong.cli.knowledge_documents import delete, delete_base, documents, retry, settings, upload
from vong.cli.knowledge_evaluation import compare_evaluations, evaluate, list_evaluations, show_evaluation
from vong.cli.knowledge_index_versions import indexes
from vong.cli.knowledge_indexes import preview, search
from vong.cli.knowledge_questions import questions
from vong.cli.knowledge_sources import sources
from vong.cli.knowledge_texts import texts
from vong.cli.output import emit, json_option
from vong.cli.params import Group
from vong.client import Client


@click.group(cls=Group)
def group() -> None:
    """Manage documents, retrieve passages and answer questions with citations."""


@group.command("list")
@json_option
def list_bases(as_json: bool) -> None:
    """List the project's knowledge bases."""
    emit(Client().knowledge.bases(), as_json, ["name", "documents", "chunks", "index_version", "updated_at"])


for command in (
    upload,
    documents,
    retry,
    settings,
    delete,
    delete_base,
    search,
    preview,
    ask,
    answer_settings,
    passage_feedback,
    document_text,
    sources,
):
    group.add_command(command)
for measured in (questions, evaluate, list_evaluations, show_evaluation, compare_evaluations, indexes, texts):
    group.add_command(measured)
