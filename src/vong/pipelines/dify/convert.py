"""Import of Dify applications as pipelines."""

from vong.pipelines.dify.assembly import assemble
from vong.pipelines.dify.chat_apps import convert_chat_app
from vong.pipelines.dify.conversion import Conversion
from vong.pipelines.dify.document import DifyDocument, parse_document
from vong.pipelines.dify.names import to_identifier
from vong.pipelines.dify.report import ChatSettings, DifyImport, DifyOptions, as_dict, as_list


def convert(source: str | bytes, options: DifyOptions | None = None) -> DifyImport:
    """Return a Dify export as a pipeline, with what became of each node.

    Raises: InvalidInput if the text is no export of a Dify application.
    """
    document = parse_document(source)
    conversion = Conversion(document, options or DifyOptions())
    if document.is_newer:
        conversion.note(f"the export has the version {document.version} of the format, newer than those examined (0.6)")
    has_graph = document.mode in ("workflow", "advanced-chat")
    definition = assemble(conversion) if has_graph else convert_chat_app(conversion)
    features = document.features if has_graph else document.model_config
    if as_dict(features.get("sensitive_word_avoidance")).get("enabled") and has_graph:
        conversion.note("the moderation was left out: add a guard step, or guards to the route")
    return DifyImport(
        name=conversion.options.name or pipeline_name(document),
        mode=document.mode,
        dsl_version=document.version,
        definition=definition,
        nodes=tuple(conversion.items.values()),
        advice=tuple(conversion.advice),
        chat=ChatSettings(
            welcome=str(features.get("opening_statement") or ""),
            suggested_questions=tuple(str(one) for one in as_list(features.get("suggested_questions")) if one),
        ),
    )


def pipeline_name(document: DifyDocument) -> str:
    """Return the name of a pipeline for an application."""
    return to_identifier(document.name, "dify-import").replace("_", "-")
