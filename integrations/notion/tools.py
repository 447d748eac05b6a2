"""Notion's tools: make a page, add to one, query a database, search, read a page.

`Done.external_id` of all that concerns one page is that page's id: a UUID in lower case with its
dashes, as Notion's webhooks name it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from integrations.base import (
    Arguments,
    Attempt,
    Identity,
    Integration,
    Performed,
    Reversibility,
    Risk,
    Tool,
)
from integrations.errors import NotConfigured, Refused
from integrations.http import budget
from integrations.notion import plain, read, write
from integrations.notion.client import EFFECT_PROPERTY, NotionService, connect
from integrations.notion.models import (
    Added,
    AppendArguments,
    CreatePageArguments,
    PageMade,
    Pages,
    PageText,
    QueryArguments,
    ReadPageArguments,
    SearchArguments,
)
from integrations.recipients import USUAL, named

Facts = tuple[tuple[str, str], ...]

# Seconds for one performance, all its calls together. A worker's lease must be longer.
LONGEST = 35.0


def _tool_of(
    arguments: type[Arguments], perform: Callable[[NotionService, Any, Attempt], Performed]
) -> Callable[[NotionService, Any, Attempt], Performed]:
    """Checks what is given, and ends before whoever waits for it gives it to somebody else."""

    @wraps(perform)
    def timed(service: NotionService, given: Any, attempt: Attempt) -> Performed:
        asked = arguments.model_validate(given)
        with budget(LONGEST):
            return perform(service, asked, attempt)

    return timed


def whoami(service: NotionService) -> Identity:
    """Our bot user, and what keeps the tools from working. What we may write, Notion does not tell."""
    me = service.me()
    missing = []
    try:
        properties = service.schema(service.source())["properties"]
        mark = properties.get(EFFECT_PROPERTY)
        if not isinstance(mark, dict) or mark.get("type") != "rich_text":
            missing.append(f"Notion {write.missing_property()}")
    except (Refused, NotConfigured) as error:
        missing.append(
            "The database of NOTION_DATABASE_ID is not there, or not shared with the integration"
            if error.code == "missing"
            else str(error)
        )
    bot = me.get("bot")
    workspace = str(bot.get("workspace_name") or "") if isinstance(bot, dict) else ""
    name = plain.person(me)
    return Identity(str(me["id"]), f"{name} in {workspace}" if workspace else name, tuple(missing))


def _describe_create(arguments: Any) -> Facts:
    """All that will be sent, nothing shortened: what is not on the card is not approved."""
    asked = CreatePageArguments.model_validate(arguments)
    facts = [("Title", asked.title), ("In database", asked.database or "the one that is set up")]
    return (*facts, ("Text", asked.text)) if asked.text else tuple(facts)


def _describe_append(arguments: Any) -> Facts:
    asked = AppendArguments.model_validate(arguments)
    return (("To page", asked.page), ("Above it", "a line that says who added it"), ("Text", asked.text))


def _describe_query(arguments: Any) -> Facts:
    asked = QueryArguments.model_validate(arguments)
    facts = [("Database", asked.database or "the one that is set up")]
    facts += [(each.property, f"{each.op.replace('_', ' ')} {each.value}".strip()) for each in asked.filters]
    if asked.edited_after:
        facts.append(("Edited since", asked.edited_after))
    return (*facts, ("At most", f"{asked.limit} pages"))


def _describe_search(arguments: Any) -> Facts:
    asked = SearchArguments.model_validate(arguments)
    return (("Title has", asked.words or "anything"), ("At most", f"{asked.limit} pages"))


def _describe_read(arguments: Any) -> Facts:
    return (("Page", ReadPageArguments.model_validate(arguments).page),)


CREATE_PAGE = Tool(
    name="notion.create_page",
    summary="Make a page in a Notion database",
    risk=Risk.WRITE,
    reversibility=Reversibility.REVERSIBLE,
    arguments=CreatePageArguments,
    result=PageMade,
    perform=_tool_of(CreatePageArguments, write.create_page),
    describe=_describe_create,
    recipient=named("database", usual=USUAL),
    editable=("title", "text"),
)
APPEND = Tool(
    name="notion.append",
    summary="Add to the end of a Notion page",
    risk=Risk.WRITE,
    reversibility=Reversibility.REVERSIBLE,
    arguments=AppendArguments,
    result=Added,
    perform=_tool_of(AppendArguments, write.append),
    describe=_describe_append,
    recipient=named("page"),
    editable=("text",),
)
QUERY = Tool(
    name="notion.query",
    summary="The pages of a Notion database that fit",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=QueryArguments,
    result=Pages,
    perform=_tool_of(QueryArguments, read.query),
    describe=_describe_query,
)
SEARCH = Tool(
    name="notion.search",
    summary="Notion pages by words of their title",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=SearchArguments,
    result=Pages,
    perform=_tool_of(SearchArguments, read.search),
    describe=_describe_search,
)
READ_PAGE = Tool(
    name="notion.read_page",
    summary="What stands in a Notion page",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=ReadPageArguments,
    result=PageText,
    perform=_tool_of(ReadPageArguments, read.read_page),
    describe=_describe_read,
)

NOTION = Integration(
    name="notion",
    tools=(CREATE_PAGE, APPEND, QUERY, SEARCH, READ_PAGE),
    connect=connect,
    required=("NOTION_TOKEN", "NOTION_DATABASE_ID"),
    whoami=whoami,
)
