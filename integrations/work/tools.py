"""What is done with all services at once: collect what there is, and tell it in short. Both only read."""

from __future__ import annotations

from integrations.base import Integration, Reversibility, Risk, Tool
from integrations.models.writing import writer
from integrations.work.collect import collect
from integrations.work.digest import digest
from integrations.work.models import CollectArguments, Collected, Digest, DigestArguments

COLLECT = Tool(
    name="work.collect",
    summary="Read tickets and pages of Jira, GitHub and Notion, side by side",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=CollectArguments,
    result=Collected,
    perform=collect,
)

DIGEST = Tool(
    name="work.digest",
    summary="Tell in short what tickets and pages come to, each statement with its sources",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=DigestArguments,
    result=Digest,
    perform=digest,
)

WORK = Integration(name="work", tools=(COLLECT, DIGEST), connect=writer, required=())
