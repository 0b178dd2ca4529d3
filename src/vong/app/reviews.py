"""Resolution of review items: a correction or a verdict of a person becomes feedback on the answer."""

from uuid import UUID, uuid5

from pydantic import Field

from vong import feedback, traces
from vong.app.feedback import notify_listeners
from vong.app.platform import Platform
from vong.errors import InvalidInput
from vong.evals.monitors import reviews
from vong.evals.monitors.reviews import Resolution, ReviewItem
from vong.feedback import ScoreCreate
from vong.records import Record, Score


class ReviewCompletion(Record):
    """Resolution of a review item.

    `corrected` needs the `correction`, the completion that would have been right, which a harvest turns into an
    example. `accepted` adds a score of 1 by the person, `dismissed` adds nothing.
    """

    resolution: Resolution
    correction: str | None = Field(default=None, min_length=1, max_length=1_000_000)
    comment: str | None = Field(default=None, max_length=20_000)


def complete(platform: Platform, project_id: UUID, id: UUID, completion: ReviewCompletion, actor: str) -> ReviewItem:
    """Mark an item as done and store the person's feedback, in one transaction.

    Raises: NotFound if there is no such item or its span is gone; Conflict if it is done; InvalidInput if the
    correction is missing or superfluous.
    """
    if (completion.resolution == "corrected") != (completion.correction is not None):
        raise InvalidInput(
            f"the resolution {completion.resolution!r} and the correction do not match",
            "send a correction with the resolution 'corrected' and with no other",
        )
    score: Score | None = None
    with platform.scope(project_id) as connection:
        item = reviews.get_item(connection, id)
        values = {"resolution": completion.resolution, "comment": completion.comment}
        item = reviews.finish_item(connection, id, actor, values)
        if completion.resolution != "dismissed":
            content = f"{completion.resolution}:{completion.correction}:{completion.comment}:{actor}"
            request = ScoreCreate(
                span_id=item.span_id,
                id=uuid5(item.id, content),
                name=item.metric,
                value=1.0 if completion.resolution == "accepted" else None,
                correction=completion.correction,
                comment=completion.comment,
                source="human",
                author=actor,
            )
            span = traces.get_span(connection, item.span_id)
            score = feedback.add_score(connection, span, request).score
            reviews.set_score(connection, id, score.id)
        done = reviews.get_item(connection, id)
    if score is not None:
        notify_listeners(platform, project_id, score)
    return done
