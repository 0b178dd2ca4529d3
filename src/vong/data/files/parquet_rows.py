"""Reader of Parquet files."""

import json
from collections.abc import Iterator

from vong.data.files.json_layouts import drop_nan
from vong.data.files.source import DataFile, FileRow
from vong.errors import InvalidInput


def read_parquet(file: DataFile) -> Iterator[FileRow]:
    """Stream the rows of a Parquet file. Values without a JSON form (times, decimals) become text.

    Raises:
        InvalidInput: The file is not Parquet.
    """
    import pyarrow  # imported here because it takes 60 MB and only Parquet needs it
    from pyarrow import parquet

    number = 0
    try:
        with parquet.ParquetFile(file.path) as rows:
            for batch in rows.iter_batches(batch_size=1000):
                for value in batch.to_pylist():
                    number += 1
                    yield FileRow(number, drop_nan(json.loads(json.dumps(value, default=str))))
    except (pyarrow.ArrowException, OSError, RecursionError) as error:
        raise InvalidInput(f"the file is not Parquet: {error}", "export it again, or import it as JSONL") from error
