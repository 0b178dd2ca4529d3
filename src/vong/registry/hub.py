"""Download of a model from a hub (huggingface.co, or the address in HF_ENDPOINT) with the files that Vong uses.

The list of files is checked first, so that a model that cannot be imported is not downloaded.
"""

import os
import re
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from vong.errors import Forbidden, InvalidInput, MissingExtra, NotFound, Unavailable

DEFAULT_ENDPOINT = "https://huggingface.co"
HUB_PATTERN = re.compile(
    r"(?:hf:|(?:https://)?(?:www\.)?(?:huggingface\.co|hf\.co)/)?"
    r"(?P<id>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)"
    r"(?:/(?:resolve|blob|tree)/(?P<branch>[\w.-]+))?(?:@(?P<revision>[\w./-]+))?(?:/(?P<file>[\w./-]+\.gguf))?"
    r"(?:\?download=true)?/?"
)
"""Forms of a name: `owner/name`, `owner/name@revision`, `owner/name/file.gguf`, `hf:…`, or the address of a page."""
ROOT_FILES = (
    *("*.json", "*.jinja", "*.model", "*.tiktoken", "*.safetensors", "vocab.txt", "merges.txt"),
    *("LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*", "README.md"),
)
"""Files at the root of a model that are downloaded."""
MODULE_FILES = ("[0-9]_*/*.json", "[0-9]_*/*.safetensors", "[0-9]_*/*.txt", "[0-9]_*/*.model")
"""Files of the modules of sentence-transformers."""
ONNX_FILES = ("onnx/model.onnx", "onnx/model.onnx_data", "model.onnx", "model.onnx_data")
CLIENT_MODULES = ("httpx", "httpcore", "requests", "urllib3", "huggingface_hub")
"""Beginnings of the modules whose errors say that the hub did not answer: they depend on the installed version."""
PICKLED = (".bin", ".pt", ".pth", ".ckpt")


class HubName(NamedTuple):
    """Name of a model on a hub, with an optional revision and an optional GGUF file."""

    id: str
    revision: str | None = None
    file: str | None = None


class HubFile(NamedTuple):
    """File of a model on a hub."""

    path: str
    bytes: int


def parse_hub_name(source: str) -> HubName | None:
    """Return the name of a model on a hub, or None if the source has another form."""
    match = HUB_PATTERN.fullmatch(source)
    if match is None or source.startswith((".", "~", "/")) or ".." in source:
        return None
    return HubName(match["id"], match["revision"] or match["branch"], match["file"])


def download_model(name: HubName, folder: Path, report: Callable[[str], None]) -> tuple[Path, str | None]:
    """Download a model to a folder. Return its path, a folder or one GGUF file, and its licence.

    Raises:
        NotFound: The hub has no such model, revision or file.
        Forbidden: The model is gated or private, and the worker has no access.
        InvalidInput: The files of the model cannot be used, or they do not fit on the disk.
        Unavailable: The hub cannot be reached.
    """
    try:
        import huggingface_hub
    except ImportError as error:
        raise MissingExtra("huggingface_hub", "serving") from error
    endpoint = os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT
    with _translated_errors(name, endpoint):
        api = huggingface_hub.HfApi(endpoint=endpoint)
        info: Any = api.model_info(name.id, revision=name.revision, files_metadata=True, timeout=30)
    listed = [HubFile(one.rfilename, int(one.size or 0)) for one in info.siblings or []]
    chosen = choose_files(name, listed)
    check_disk(sum(file.bytes for file in chosen), folder)
    for number, file in enumerate(chosen, 1):
        report(f"downloading {file.path} ({file.bytes / 1e6:.0f} MB), {number} of {len(chosen)}")
        with _translated_errors(name, endpoint):
            huggingface_hub.hf_hub_download(
                name.id, file.path, revision=info.sha or name.revision, local_dir=folder, endpoint=endpoint
            )
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    licence = getattr(info.card_data, "license", None) if info.card_data else None
    path = folder / chosen[0].path if len(chosen) == 1 and chosen[0].path.endswith(".gguf") else folder
    return path, str(licence) if isinstance(licence, str) and licence != "other" else None


def choose_files(name: HubName, files: list[HubFile]) -> list[HubFile]:
    """Return the files of a model to download.

    Raises:
        NotFound: The model has no such GGUF file.
        InvalidInput: The model has no weights that Vong uses.
    """
    paths = [file.path for file in files]
    gguf = [file for file in files if file.path.endswith(".gguf")]
    if name.file:
        found = [file for file in gguf if file.path == name.file]
        if not found:
            raise NotFound(f"{name.id} has no file {name.file!r}", _list_gguf(name, gguf))
        return found
    has_safetensors = any(path.endswith(".safetensors") for path in paths)
    onnx = [path for path in ONNX_FILES if path in paths]
    if not has_safetensors and not onnx:
        if len(gguf) == 1:
            return gguf
        if gguf:
            raise InvalidInput(f"{name.id} has {len(gguf)} GGUF files", _list_gguf(name, gguf))
        pickled = next((path for path in paths if path.endswith(PICKLED)), None)
        if pickled:
            raise InvalidInput(
                f"{name.id} has its weights in {pickled}, a Python pickle, which may run code when it is loaded",
                "use a revision in safetensors, or convert it: load it by transformers and call save_pretrained",
            )
        raise InvalidInput(f"{name.id} has no weights that Vong uses", "choose a model in safetensors, ONNX or GGUF")
    patterns = [*MODULE_FILES, *(onnx if _is_embedding(paths) or not has_safetensors else [])]
    chosen = [
        file
        for file in files
        if any(fnmatch(file.path, pattern) for pattern in patterns)
        or ("/" not in file.path and any(fnmatch(file.path, pattern) for pattern in ROOT_FILES))
    ]
    return [file for file in chosen if not any(part.startswith(".") for part in PurePosixPath(file.path).parts)]


def check_disk(needed: int, folder: Path) -> None:
    """Check that files fit on the disk of a folder, twice: they are copied to the store of the registry.

    Raises:
        InvalidInput: They do not.
    """
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if 2 * needed > free:
        raise InvalidInput(
            f"the model has {needed / 1e9:.1f} GB and needs twice that, but {free / 1e9:.1f} GB are free on the disk",
            "free space, or move the home folder to a larger disk",
        )


def _is_embedding(paths: list[str]) -> bool:
    return "modules.json" in paths


def _list_gguf(name: HubName, gguf: list[HubFile]) -> str:
    names = [file.path for file in gguf]
    if not names:
        return "the model has no GGUF files"
    return f"name one, such as {name.id}/{names[0]}; it has: {', '.join(names[:20])}"


@contextmanager
def _translated_errors(name: HubName, endpoint: str) -> Generator[None]:
    """Translate the errors of huggingface_hub."""
    from huggingface_hub import errors

    address = f"{endpoint}/{name.id}"
    try:
        yield
    except errors.GatedRepoError as error:
        hint = f"accept its terms at {address}, then set HF_TOKEN for the worker (or run there: hf auth login)"
        raise Forbidden(f"the model {name.id} is gated, and the worker has no access", hint) from error
    except errors.RevisionNotFoundError as error:
        raise NotFound(f"the model {name.id} has no revision {name.revision!r}", f"see {address}") from error
    except errors.RepositoryNotFoundError as error:
        hint = "check the name; for a private model set HF_TOKEN for the worker"
        raise NotFound(f"there is no model {name.id} at {endpoint}, or it is private", hint) from error
    except Exception as error:
        if not isinstance(error, OSError | ValueError) and not type(error).__module__.startswith(CLIENT_MODULES):
            raise
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise Unavailable(
            f"the hub {endpoint} does not answer for {name.id}: {reason}",
            "check the network of the worker, or download elsewhere and import the folder "
            f"(hf download {name.id} --local-dir FOLDER)",
        ) from error
