"""jira.comment: say something on a ticket, once."""

from __future__ import annotations

import re

from integrations.base import Attempt, Done, Performed
from integrations.jira.client import Data, JiraService
from integrations.jira.create import described
from integrations.jira.lookup import find_comment
from integrations.jira.marks import as_property, mark_of
from integrations.jira.models import Comment, CommentArguments


def comment(service: JiraService, asked: CommentArguments, attempt: Attempt) -> Performed:
    """From the second try on, the comment of an earlier one is looked for first."""
    text = described(asked.text, service.version)
    url = service.link_to(asked.issue)
    made = find_comment(service, asked.issue, text, attempt) if attempt.number > 1 else None
    if made is None:
        made = service.add_comment(asked.issue, text, [as_property(mark_of(attempt.key))])
    id = str(made["id"])
    result = Comment(id=id, issue=asked.issue.upper(), url=f"{url}?focusedCommentId={id}")
    return Done(result.model_dump(mode="json"), external_id=_ticket_of(made))


def _ticket_of(comment: Data) -> str:
    """Jira names the ticket's number only in the comment's own address."""
    found = re.search(r"/issue/([0-9]{1,18})/comment/", str(comment.get("self") or ""))
    return f"jira:{found[1]}" if found else ""
