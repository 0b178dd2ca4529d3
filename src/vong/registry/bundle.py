"""Bundles: the hashes of everything that a version was made from, and their verification."""

import hashlib
import subprocess
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

import vong
from vong.errors import VongError
from vong.records import ModelVersion, content_hash
from vong.records.model_bundle import BundleCheck, ModelBundle
from vong.store.blobs import BlobStore

WEIGHT_SUFFIXES = (".safetensors", ".bin", ".gguf", ".safetensors.index.json")
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
)


class BundleSources(TypedDict, total=False):
    """Parts of a bundle that the registry does not store: of the training run and the dataset."""

    settings: dict[str, Any] | None
    dataset_hash: str | None


def build_bundle(version: ModelVersion, base: ModelVersion | None, sources: BundleSources) -> ModelBundle:
    """Return the bundle of a new version. `base` is the version that it is based on."""
    weights = hash_files(version.files, is_weight_file)
    settings = sources.get("settings")
    template = version.chat_template
    bundle = ModelBundle(
        version=version.hash,
        weights=None if version.kind == "adapter" else weights,
        adapter=weights if version.kind == "adapter" else None,
        base=base.ref if base else version.base,
        base_hash=base.hash if base else None,
        tokenizer=find_tokenizer_hash(version, base),
        chat_template=hash_text(template) if template is not None else None,
        dataset=version.dataset,
        dataset_hash=sources.get("dataset_hash"),
        run=version.run,
        settings=settings,
        settings_hash=content_hash(settings) if settings is not None else None,
        licence=version.licence,
        base_licence=base.licence if base else None,
        code=describe_code(),
    )
    return bundle.model_copy(update={"hash": hash_bundle(bundle)})


def hash_bundle(bundle: ModelBundle) -> str:
    """Return the hash over all fields of a bundle except its own hash."""
    return content_hash(bundle.model_dump(mode="json", exclude={"hash"}, exclude_none=True))


def hash_files(files: dict[str, str], selected: Callable[[str], bool]) -> str | None:
    """Return the hash over name and sha256 of the selected files, or None if there are none."""
    chosen = sorted((name, hash_) for name, hash_ in files.items() if selected(name))
    return content_hash([list(pair) for pair in chosen]) if chosen else None


def find_tokenizer_hash(version: ModelVersion, base: ModelVersion | None) -> str | None:
    """Return the hash of the tokenizer files of a version, or of its base if it has none."""
    own = hash_files(version.files, is_tokenizer_file)
    return own or (hash_files(base.files, is_tokenizer_file) if base else None)


def is_weight_file(name: str) -> bool:
    """Return True for files with weights."""
    return name.endswith(WEIGHT_SUFFIXES)


def is_tokenizer_file(name: str) -> bool:
    """Return True for files of the tokenizer."""
    return name in TOKENIZER_FILES


def hash_text(text: str) -> str:
    """Return the sha256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def describe_code() -> dict[str, str]:
    """Return the version of Vong, the hash of its source files and, in a git checkout, the commit."""
    folder = Path(vong.__file__).parent
    files = sorted(folder.rglob("*.py"))
    hashes = [[file.relative_to(folder).as_posix(), hashlib.sha256(file.read_bytes()).hexdigest()] for file in files]
    code = {"version": vong.__version__, "source": content_hash(hashes)}
    command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return code
    return {**code, "commit": found} if len(found) == 40 else code


def check_version(blobs: BlobStore, version: ModelVersion, base: ModelVersion | None) -> list[BundleCheck]:
    """Check the stored files of a version against its hashes."""
    checks = [*_check_files(blobs, version, "file")]
    checks.append(_compare("version hash", version.hash, content_hash(sorted(version.files.items()))))
    if "chat_template.jinja" in version.files and version.chat_template is not None:
        checks.append(_compare("chat template file", hash_text(version.chat_template), _template_hash(blobs, version)))
    if base:
        checks += _check_files(blobs, base, f"base {base.ref} file")
    return checks


def check_bundle(
    bundle: ModelBundle, version: ModelVersion, base: ModelVersion | None, sources: BundleSources
) -> list[BundleCheck]:
    """Compare a stored bundle with one computed now. The code is not compared, because it changes with each upgrade."""
    checks = [_compare("bundle hash", bundle.hash, hash_bundle(bundle))]
    now = build_bundle(version, base, sources)
    for field in ModelBundle.model_fields:
        if field in {"hash", "code", "settings"}:
            continue
        expected, found = getattr(bundle, field), getattr(now, field)
        missing = expected is not None and found is None
        if missing and field in {"base_hash", "base_licence", "dataset_hash", "settings_hash"}:
            checks.append(BundleCheck(name=field, ok=None, expected=str(expected), detail="its source was deleted"))
        elif expected is not None or found is not None:
            checks.append(_compare(field, expected, found))
    return checks


def _check_files(blobs: BlobStore, version: ModelVersion, label: str) -> Iterable[BundleCheck]:
    for name, hash_ in sorted(version.files.items()):
        try:
            blobs.verify(hash_)
        except VongError as error:
            yield BundleCheck(name=f"{label} {name}", ok=False, expected=hash_, detail=str(error))
        else:
            yield BundleCheck(name=f"{label} {name}", ok=True, expected=hash_, found=hash_)


def _template_hash(blobs: BlobStore, version: ModelVersion) -> str | None:
    try:
        return hash_text(blobs.get(version.files["chat_template.jinja"]).decode())
    except VongError:
        return None


def _compare(name: str, expected: Any, found: Any) -> BundleCheck:
    texts = [None if value is None else str(value) for value in (expected, found)]
    return BundleCheck(name=name, ok=texts[0] == texts[1], expected=texts[0], found=texts[1])
