"""What Notion's tools are given and what they answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from integrations.base import Arguments, Result
from integrations.notion.ids import as_id
from integrations.notion.markdown import to_blocks

# A page is written by several calls of a hundred blocks each; this many fit into one performance.
LONGEST_PAGE = 100_000
MOST_BLOCKS = 1_500
# An addition is one call, so that it is there or not; our own line takes a place of the hundred.
LONGEST_ADDITION = 20_000
MOST_ADDED = 99
LONGEST_TEXT = 50_000
MOST_PAGES = 500

PageId = Annotated[str, AfterValidator(as_id)]
Title = Annotated[
    str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
]
PropertyName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Moment = Annotated[
    str,
    StringConstraints(pattern=r"^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d))?$"),
]


def _database(text: str) -> str:
    return as_id(text) if text else ""


Database = Annotated[str, AfterValidator(_database)]


Op = Literal[
    "equals", "not_equals", "contains", "starts_with", "before", "after",
    "more_than", "less_than", "empty", "not_empty",
]  # fmt: skip


class CreatePageArguments(Arguments):
    """`text` is Markdown. `database` by id or address; empty: the one that is set up."""

    title: Title
    text: str = Field(default="", max_length=LONGEST_PAGE)
    database: Database = ""

    @model_validator(mode="after")
    def _fits(self) -> CreatePageArguments:
        if len(to_blocks(self.text)) > MOST_BLOCKS:
            raise ValueError(f"a page has {MOST_BLOCKS} blocks at most")
        return self


class AppendArguments(Arguments):
    """`page` by id or address. `text` is Markdown."""

    page: PageId
    text: str = Field(min_length=1, max_length=LONGEST_ADDITION)

    @model_validator(mode="after")
    def _fits(self) -> AppendArguments:
        if not 1 <= len(to_blocks(self.text)) <= MOST_ADDED:
            raise ValueError(f"an addition has 1 to {MOST_ADDED} blocks")
        return self


class Filter(Arguments):
    """`property` is a name in the database; what `value` is depends on the property's type."""

    property: PropertyName
    op: Op
    value: str = Field(default="", max_length=300)


class QueryArguments(Arguments):
    """Pages that fit every filter, last edited first. `edited_after` is a date, or a time with its zone."""

    database: Database = ""
    filters: list[Filter] = Field(default_factory=list, max_length=10)
    edited_after: Moment | None = None
    limit: int = Field(default=50, ge=1, le=MOST_PAGES)


class SearchArguments(Arguments):
    """Words of a title; empty: what was edited last."""

    words: str = Field(default="", max_length=200)
    limit: int = Field(default=20, ge=1, le=100)


class ReadPageArguments(Arguments):
    page: PageId


class PageMade(Result):
    """`note` says what Notion did otherwise than asked; it is empty where all is well."""

    page: str
    url: str
    title: str
    blocks: int
    label: str
    note: str = ""


class Added(Result):
    page: str
    blocks: int
    label: str
    note: str = ""


class Page(Result):
    """One page as a list shows it. `properties` are words, the empty ones left out."""

    id: str
    title: str = Field(max_length=300)
    url: str
    edited: str
    properties: dict[str, str] = Field(default_factory=dict)


class Pages(Result):
    """`more`: there are others beside these."""

    pages: list[Page] = Field(max_length=MOST_PAGES)
    more: bool = False
    label: str


class PageText(Result):
    """`text` is Markdown. `cut`: the page goes on, or holds what has no words."""

    page: Page
    text: str = Field(max_length=LONGEST_TEXT)
    cut: bool = False
    in_trash: bool = False
