"""What is asked of the services together, and what comes of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from integrations.base import Arguments, Result

MOST_SOURCES = 500
LONGEST_REQUEST = 500
LONGEST_EXCERPT = 600
LONGEST_TITLE = 300
LONGEST_URL = 1_500

Service = Literal["jira", "github", "notion"]
SERVICES: tuple[Service, ...] = ("jira", "github", "notion")
NAMES: dict[Service, str] = {"jira": "Jira", "github": "GitHub", "notion": "Notion"}

Short = Annotated[str, StringConstraints(max_length=200)]


class CollectArguments(Arguments):
    """`request` is what somebody typed: "PAY last 7 days". `most` of all services together."""

    request: Annotated[str, StringConstraints(max_length=LONGEST_REQUEST)] = ""
    most: Annotated[int, Field(ge=1, le=MOST_SOURCES)] = MOST_SOURCES


class Source(Result):
    """One ticket, pull request or page. Words in it are those of others. `done`: nothing is left to do."""

    service: Service
    id: str
    title: str
    url: str
    state: str
    done: bool = False
    people: list[str] = Field(default_factory=list)
    labels: list[str] = Field(default_factory=list)
    updated: str = ""
    excerpt: str = ""


class Collected(Result):
    """`missing` are sentences: what could not be read, and why. `more`: what is older was left out.

    `scope` is what was asked for, in our words; `label` how much was found.
    """

    sources: list[Source]
    missing: list[str] = Field(default_factory=list)
    more: bool = False
    scope: str
    label: str


class GivenSource(Arguments):
    """A source as a flow hands it on."""

    service: Service
    id: Short
    title: Annotated[str, StringConstraints(max_length=LONGEST_TITLE)]
    url: Annotated[str, StringConstraints(max_length=LONGEST_URL)]
    state: Short
    done: bool = False
    people: Annotated[list[Short], Field(max_length=20)] = Field(default_factory=list)
    labels: Annotated[list[Short], Field(max_length=20)] = Field(default_factory=list)
    updated: Annotated[str, StringConstraints(max_length=40)] = ""
    excerpt: Annotated[str, StringConstraints(max_length=LONGEST_EXCERPT * 2)] = ""


class DigestArguments(Arguments):
    """`missing` and `scope` as they were collected."""

    sources: Annotated[list[GivenSource], Field(max_length=MOST_SOURCES)]
    missing: Annotated[list[Annotated[str, StringConstraints(max_length=1000)]], Field(max_length=10)] = (
        Field(default_factory=list)
    )
    scope: Annotated[str, StringConstraints(max_length=400)] = ""


class Link(Result):
    label: str
    url: str


class Statement(Result):
    """Words, and where they come from; `links` go to addresses that the services gave, and nowhere else."""

    text: str
    links: list[Link] = Field(default_factory=list)


class Digest(Result):
    """`generated`: `statements` are words of a model. The numbers never are.

    `sources` is a row for each service, with a link to every source. `page` is all of it as Markdown.
    """

    title: str
    label: str
    generated: bool
    numbers: str
    statements: list[Statement]
    stuck: list[Statement]
    closed: list[Statement]
    sources: list[Statement]
    count: int
    page: str
