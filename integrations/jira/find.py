"""What is only read: tickets, people, and who we are there."""

from __future__ import annotations

from integrations.base import Attempt, Done, Identity, Performed
from integrations.errors import Refused
from integrations.jira.client import Data, JiraService
from integrations.jira.errors import SERVICE
from integrations.jira.jql import NotAQuestion, question
from integrations.jira.models import FindPersonArguments, People, Person, SearchArguments, Tickets
from integrations.jira.pages import name_of

MOST_PEOPLE = 50

# What our tools need, by Jira's names of rights, and what is lost without each.
RIGHTS = {
    "BROWSE_PROJECTS": "see the project's tickets",
    "CREATE_ISSUES": "open tickets",
    "EDIT_ISSUES": "change tickets",
    "ADD_COMMENTS": "comment on tickets",
    "ASSIGN_ISSUES": "assign tickets",
    "TRANSITION_ISSUES": "move tickets to another status",
    "LINK_ISSUES": "link tickets",
}


def search(service: JiraService, asked: SearchArguments, attempt: Attempt) -> Performed:
    """One more than the limit is looked for, so that it can be said whether there are more."""
    try:
        jql = question(
            service.project_or_ours(asked.project),
            text=asked.text,
            labels=asked.labels,
            statuses=asked.statuses,
            updated_days=asked.updated_days,
            open_only=asked.open_only,
            jql=asked.jql,
        )
    except NotAQuestion as problem:
        raise Refused(SERVICE, f"was not asked: {problem}.", code="not_a_question") from None
    found = list(service.search(jql, asked.limit + 1, lambda count: attempt.progress(_so_far(count))))
    tickets = Tickets(tickets=found[: asked.limit], more=len(found) > asked.limit)
    return Done(tickets.model_dump(mode="json"))


def _so_far(count: int) -> str:
    return f"{count} tickets from Jira so far"


def find_person(service: JiraService, asked: FindPersonArguments, attempt: Attempt) -> Performed:
    """Everybody who fits, never just the first: who is meant, a person has to say."""
    found = service.assignable(service.project_or_ours(asked.project), asked.query.strip(), MOST_PEOPLE)
    people = [person for person in (_person(service, each) for each in found) if person is not None]
    return Done(People(people=people, more=len(found) >= MOST_PEOPLE).model_dump(mode="json"))


def _person(service: JiraService, user: Data) -> Person | None:
    """None for an account that is closed or no human's."""
    id = user.get(service.person_field)
    if not isinstance(id, str) or not id or user.get("active") is False or user.get("accountType") == "app":
        return None
    return Person(id=id, name=name_of(user, "displayName"), email=name_of(user, "emailAddress"))


def whoami(service: JiraService) -> Identity:
    """Wrong credentials are told at once; without a project, rights cannot be asked for."""
    me = service.myself()
    id, name = str(me[service.person_field]), name_of(me, "displayName")
    if not service.project:
        return Identity(id, name, ("JIRA_PROJECT is not set, so I do not know where tickets go",))
    try:
        rights = service.my_rights(service.project.upper(), tuple(RIGHTS))
    except Refused as refused:
        if refused.code not in ("missing", "refused", "forbidden", "fields_refused"):
            raise
        return Identity(id, name, ("there is no project of the name in JIRA_PROJECT that I may see",))
    return Identity(id, name, tuple(f"may not {lost}" for right, lost in RIGHTS.items() if not rights[right]))
