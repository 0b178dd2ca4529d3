"""Exports and compressed candidates of model versions: requests, jobs, files and registration."""

from vong.app.model_exports.jobs import compress, export, keep, verify
from vong.app.model_exports.requests import (
    CompressionRequest,
    ExportRequest,
    start_compression,
    start_export,
    start_keep,
    start_verification,
)

__all__ = [
    "CompressionRequest",
    "ExportRequest",
    "compress",
    "export",
    "keep",
    "start_compression",
    "start_export",
    "start_keep",
    "start_verification",
    "verify",
]
