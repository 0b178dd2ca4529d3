"""Training files of OpenAI's API as dataset versions, and dataset versions as training files."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from vong import data
from vong.app.platform import Platform
from vong.data.formats import create_format
from vong.data.formats.columns import parse_tools
from vong.data.formats.message_parsing import parse_messages
from vong.errors import InvalidInput
from vong.gateway.fine_tuning.graders import resolve_reference
from vong.gateway.fine_tuning.training_file import TrainingFileError, TrainingRow, is_trained, read_rows
from vong.records import DatasetVersion, Example, ExampleOrigin, Message, Operation
from vong.records.fine_tuning import FineTuningJob, FineTuningMethod

ITEM_FIELDS_WITHOUT_METADATA = {"messages", "tools", "functions", "parallel_tool_calls"}


def write_dataset(
    connection: Connection, platform: Platform, job: FineTuningJob, folder: Path, reference: str | None
) -> DatasetVersion:
    """Write the files of a job as a version of the dataset `ftjob-…`; equal files give the same version.

    The rows of the training file have the split `train`, those of the validation file `validation`.

    Raises:
        InvalidInput: A row cannot be used. The message names its line.
    """
    sources = [("train", job.training_file, job.training_blob)]
    if job.validation_file is not None and job.validation_blob is not None:
        sources.append(("validation", job.validation_file, job.validation_blob))

    def examples() -> Iterator[Example]:
        for split, file_id, blob in sources:
            path = platform.blobs.fetch(blob, folder / f"{split}.jsonl")
            with path.open("rb") as lines:
                for row in read_rows(lines):
                    example = _to_example(row, job.method, reference)
                    yield example.model_copy(
                        update={
                            "metadata": {**example.metadata, "split": split},
                            "origin": ExampleOrigin(kind="file", id=f"file-{file_id.hex}#{row.line}"),
                        }
                    )

    files = [{"split": split, "file": f"file-{id.hex}", "blob": blob} for split, id, blob in sources]
    operation = Operation(name="fine_tuning_file", settings={"files": files, "method": job.method})
    return data.write(connection, platform.blobs, f"fine-tuning-{job.id.hex[-12:]}", examples(), operation)


def export_rows(examples: Iterable[Example], method: FineTuningMethod) -> Iterator[bytes]:
    """Yield the lines of a training file for a provider.

    Raises:
        InvalidInput: A row has no completion, or no rejected completion for the method dpo.
    """
    chat = create_format("chat")
    for number, example in enumerate(examples, 1):
        if method == "dpo":
            if example.completion is None or example.rejected is None:
                raise InvalidInput(
                    f"row {number} has no {'rejected ' if example.completion else ''}completion",
                    "the method dpo needs both in each row",
                )
            given: dict[str, Any] = {"messages": [_dump(message) for message in example.messages]}
            if example.tools:
                given["tools"] = list(example.tools)
            row: dict[str, Any] = {"input": given}
            row["preferred_output"], row["non_preferred_output"] = (
                [_dump(example.completion)],
                [_dump(example.rejected)],
            )
        else:
            if method == "supervised" and example.completion is None and example.messages[-1:] == ():
                raise InvalidInput(f"row {number} has no messages", "leave the row out")
            plain = example.model_copy(update={"metadata": {}, "weight": 1.0, "rejected": None})
            row = chat.to_row(plain)
            if "completion" in row:
                row["messages"] = [*row["messages"], *([row["completion"]] if row["completion"] else [])]
                del row["completion"]
        yield msgspec.json.encode(row) + b"\n"


def _to_example(row: TrainingRow, method: FineTuningMethod, reference: str | None) -> Example:
    try:
        if row.kind == "preference":
            return create_format("preference").to_example(row.fields)
        if row.kind == "completion":
            prompt = Message(role="user", content=row.fields["prompt"])
            return Example(messages=(prompt,), completion=Message(role="assistant", content=row.fields["completion"]))
        if method == "reinforcement":
            return _to_prompt(row.fields, reference)
        return _to_conversation(row.fields)
    except InvalidInput as error:
        raise TrainingFileError(f"line {row.line}: {error.message}", error.hint) from error


def _to_conversation(fields: Mapping[str, Any]) -> Example:
    """Return a conversation that ends with its last trained answer. Its messages keep their weights."""
    messages = fields["messages"]
    last = max(place for place, message in enumerate(messages) if is_trained(message))
    parsed = parse_messages(messages[: last + 1], "messages")
    metadata = {"parallel_tool_calls": fields["parallel_tool_calls"]} if "parallel_tool_calls" in fields else {}
    return Example(
        messages=tuple(parsed[:-1]), completion=parsed[-1], tools=parse_tools(fields), metadata=dict(metadata)
    )


def _to_prompt(fields: Mapping[str, Any], reference: str | None) -> Example:
    """Return a prompt. The template `reference` with the fields of the row is its completion."""
    messages = tuple(parse_messages(fields["messages"], "messages"))
    item = {name: value for name, value in fields.items() if name not in ITEM_FIELDS_WITHOUT_METADATA}
    completion = None
    if reference is not None:
        completion = Message(role="assistant", content=resolve_reference(reference, item))
    return Example(messages=messages, completion=completion, tools=parse_tools(fields), metadata=item)


def _dump(message: Message) -> dict[str, Any]:
    return message.model_dump(mode="json", exclude_none=True)
