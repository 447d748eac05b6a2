"""What becomes of a person's rows in the tables that we know: data, and a little SQL in each.

Names with a colon are bound: `:people`, `:texts`, `:users`, `:emails`, `:private`, `:channels`, `:effects`
and `:runs` (both: what must stay), `:rows`, `:cut`, `:gone`, `:tenant`. A row is `t`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.reply import Paragraph, Reply
from workers.forget.subject import GONE
from workers.store import codec


@dataclass(frozen=True, slots=True)
class Own:
    """Rows for which `where` holds are theirs. Without `to` they go; else `to` says what each column
    becomes. `left` holds as long as there is something to do."""

    where: str
    to: Mapping[str, str] | None = None
    left: str = "true"

    @property
    def columns(self) -> frozenset[str]:
        return frozenset(self.to or ())


@dataclass(frozen=True, slots=True)
class Scrub:
    """Columns of others' rows that are gone through; `over`: rows that nobody works with any more.
    `names`: whether names go as well, which is for what we wrote ourselves."""

    columns: tuple[str, ...]
    over: str = "true"
    names: bool = True


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def their_run(id: str) -> str:
    """A look-up by key for each row of a page: as a join it might read all of their runs for each."""
    run = f"select r.requester from runs r where r.tenant_id = t.tenant_id and r.id = {id}"  # noqa: S608
    return f"(({run}) = any(:people) and {id} <> all(:runs))"


def its_approval(holds: str) -> str:
    """The same of the approval that a row hangs on, `a`."""
    return f"(select {holds} from approvals a where a.tenant_id = t.tenant_id and a.id = t.approval_id)"  # noqa: S608


OF_THEIR_RUN = their_run("t.run_id")
RUN_OF_ID = their_run("split_part(t.id, ':', 1)")
OVER = "state not in ('pending', 'approved')"
OF_THEIR_APPROVAL = its_approval(f"a.requester = any(:people) and a.effect_key <> all(:effects) and a.{OVER}")
ITS_APPROVAL_OVER = its_approval(f"a.{OVER}")
EFFECT_OVER = (
    "(t.state in ('done', 'failed', 'withdrawn') or t.settled is not null"
    " or (t.state = 'dead' and t.risk = 'read'))"
)
SENT = "t.state in ('sent', 'failed', 'dropped')"
# What a message that waits is about to change has to be found until then.
NOT_AWAITED = (
    "t.id <> all(array(select u.target from outbox u where u.tenant_id = :tenant and u.target is not null"
    " and u.state in ('queued', 'sending')))"
)
NOBODY = "jsonb_build_object('id', t.requester::text, 'name', :gone::text, 'email', '', 'time_zone', 'UTC')"
EMPTY_RUN = (
    '\'{"step":"","slots":{},"entries":{},"cards":{},"said":0,"waiting":"","held": false,"unread":"",'
    '"route_confidence":1.0,"route_words":"","trail":[],"timed": false,"did":[]}\'::jsonb'
)
NOWHERE = (
    "jsonb_build_object('_', 'turn.Place', 'platform', t.place->>'platform', 'workspace',"
    " t.place->>'workspace', 'channel', '', 'thread', null, 'via', '', 'private', false)"
)
_CARD = codec.dumps(Reply(f"Asked by {GONE}.", (Paragraph(f"Asked by {GONE}."),)))
EMPTY_CARD = _quoted(_CARD.replace('":', '": ')) + "::jsonb"  # a colon before a letter would be a name
EMPTY_ROW = (
    _quoted(
        '{"name":"' + GONE + '","facts":[],"minor": null,"currency":"","recipient":"","code":"",'
        '"because":"","until":""}'
    )
    + "::jsonb"
)
NOTHING = "convert_to('{}', 'UTF8')"
NO_LONGER = "case when lower({0}) = any(:emails) then 'forgotten' else {0} end"
LIVE_GRANT = "t.state in ('proposed', 'active')"

PERSON = Own("t.person_id = any(:people)")

OWN: dict[str, tuple[Own, ...]] = {
    "history": (Own(OF_THEIR_RUN),),
    "streams": (Own("t.requester = any(:people)"),),
    "feedback": (PERSON,),
    "experiment_outcomes": (PERSON,),
    "home_views": (PERSON,),
    "link_codes": (PERSON,),
    "link_tries": (PERSON,),
    "approval_openings": (PERSON,),
    "person_links": (Own("t.one = any(:people) or t.other = any(:people)"),),
    "delegations": (Own("t.person_id = any(:people) or t.delegate = any(:people)"),),
    "schedules": (Own("t.requester = any(:people)"),),
    "managers": (Own("t.email = any(:emails) or t.manager = any(:emails)"),),
    "directory": (
        Own(
            "exists (select 1 from unnest(:texts::text[]) x"
            " where strpos(lower(t.members::text), lower(x)) > 0 or t.term = 'manager:' || x)"
        ),
    ),
    "pushers": (Own("t.email = any(:emails)", {"email": "''"}),),
    "timers": (Own(f"{RUN_OF_ID} or (t.conversation = any(:private) and t.state <> 'set')"),),
    "inbox": (
        Own(
            "t.conversation = any(:private) and t.id <= :rows",
            {"payload": "''::bytea", "answer": "null", "error": "null", "trace": "null"},
            "t.state <> 0 and (t.payload <> ''::bytea or t.answer is not null)",
        ),
    ),
    "outbox": (
        Own(
            f"((t.conversation = any(:private) and t.created_at <= :cut) or {RUN_OF_ID}"
            f" or t.account->>'user' = any(:users)) and {SENT} and {NOT_AWAITED}"
        ),
    ),
    "effects": (
        Own(
            f"{OF_THEIR_RUN} and t.key <> all(:effects) and {EFFECT_OVER}",
            {
                "arguments": NOTHING,
                "result": "null",
                "error": "null",
                "trace": "null",
                "external_id": "case when t.risk = 'money' then t.external_id end",
            },
            f"t.arguments <> {NOTHING} or t.result is not null",
        ),
    ),
    "spending": (
        Own(
            "t.requester = any(:people) and t.effect_key <> all(:effects)",
            {"recipient": "''"},
            "t.recipient <> ''",
        ),
    ),
    "approvals": (
        Own(
            f"t.requester = any(:people) and t.effect_key <> all(:effects) and t.{OVER}",
            {"words": "''", "because": "''", "card": EMPTY_CARD, "reason": "null"},
            f"t.card <> {EMPTY_CARD} or t.words <> '' or t.reason is not null",
        ),
        Own(f"t.decided_by = any(:people) and t.{OVER}", {"reason": "null"}, "t.reason is not null"),
    ),
    "approval_terms": (Own(OF_THEIR_APPROVAL),),
    "approval_questions": (
        Own("t.person_id = any(:people)", {"question": "''"}, "t.question <> ''"),
        Own(OF_THEIR_APPROVAL, {"answer": "null"}, "t.answer is not null"),
    ),
    "batch_members": (
        Own(OF_THEIR_APPROVAL, {"row": EMPTY_ROW}, f't."row" <> {EMPTY_ROW}'),
    ),
    "approval_queue": (),
    "grants": (
        # One that no longer says for whom would be for everybody: it ends first.
        Own(
            "lower(t.requester) = any(:emails) or lower(t.recipient) = any(:emails)",
            {
                "requester": NO_LONGER.format("t.requester"),
                "recipient": NO_LONGER.format("t.recipient"),
                "state": f"case when {LIVE_GRANT} then 'revoked' else t.state end",
                "ended_at": "coalesce(t.ended_at, now())",
                "why": "null",
            },
        ),
        Own("t.ended_by = any(:people)", {"why": "null"}, "t.why is not null"),
    ),
    "handoffs": (
        Own("t.requester = any(:people) and t.state not in ('offered', 'taken')"),
        Own(
            "t.helper = any(:people) and t.state not in ('offered', 'taken')",
            {"helper": "null", "place": "null", "channel": "null"},
        ),
    ),
    "runs": (
        Own(
            "t.requester = any(:people) and t.status <> 'waiting' and t.id <> all(:runs)",
            {"state": f"{EMPTY_RUN} || jsonb_build_object('requester', {NOBODY})", "place": NOWHERE},
            f"t.state->'requester'->>'name' is distinct from :gone or t.place <> {NOWHERE}",
        ),
    ),
    "model_use": (),
    "accounts": (),
    "people": (),
    "person_keys": (),
    "conversations": (),
    "audit": (),
    "forgettings": (),
    "forgotten_marks": (),
}  # fmt: skip

OWN_SCRUBS: dict[str, Scrub] = {
    "inbox": Scrub(("payload", "answer"), "t.state <> 0", names=False),
    "outbox": Scrub(("content", "then_turn", "account", "place"), SENT),
    "history": Scrub(("event", "decided", "began"), names=False),
    "runs": Scrub(("state",), "t.status <> 'waiting'", names=False),
    "effects": Scrub(("arguments", "result"), EFFECT_OVER, names=False),
    "spending": Scrub(("recipient",)),
    "streams": Scrub(("words", "place", "account"), "t.state = 'closed'"),
    "approvals": Scrub(("card", "words", "reason"), f"t.{OVER}"),
    "approval_terms": Scrub(("terms",), ITS_APPROVAL_OVER),
    "approval_questions": Scrub(("question", "answer"), ITS_APPROVAL_OVER),
    "batch_members": Scrub(("row",), ITS_APPROVAL_OVER),
    "approval_queue": Scrub(("people",), ITS_APPROVAL_OVER),
    "grants": Scrub(("terms", "why"), f"not {LIVE_GRANT}"),
    "handoffs": Scrub(("asked", "passed", "card", "words", "place"), "t.state not in ('offered', 'taken')"),
    "schedules": Scrub(("request", "place", "account")),
    "feedback": Scrub(("words",)),
}

NUMBER = "a number in place of you, so that what was decided still has one who decided"
ASKED = "a number in place of you, so that what was asked still has one who asked"
FIGURE = "the sum alone, of nobody"
RENAMED = "another name for the conversation, which leads to nobody"
WALKED = "replaced by its own step"

# Of which something stays, and why; the receipt says so.
KEPT: dict[str, str] = {
    "people.id": NUMBER,
    "people.name": WALKED,
    "people.email": WALKED,
    "people.time_zone": WALKED,
    "accounts.user_id": WALKED,
    "accounts.person_id": WALKED,
    "accounts.name": WALKED,
    "accounts.direct": WALKED,
    "person_keys.person_id": WALKED,
    "conversations.key": RENAMED,
    "model_use.person": "the figures alone, as those of nobody in particular",
    "runs.requester": ASKED,
    "approvals.requester": ASKED,
    "approvals.decided_by": NUMBER,
    "spending.requester": ASKED,
    "spending.amount": FIGURE,
    "decisions.person_id": NUMBER,
    "approval_votes.person_id": NUMBER,
    "approval_votes.seat": NUMBER,
    "batch_decisions.person_id": NUMBER,
    "approval_edits.person_id": NUMBER,
    "approval_edits.changes": WALKED,
    "approval_handings.person_id": NUMBER,
    "approval_handings.delegate": NUMBER,
    "approval_questions.person_id": NUMBER,
    "grant_votes.person_id": NUMBER,
    "grant_votes.seat": NUMBER,
    "grants.proposed_by": NUMBER,
    "grants.ended_by": NUMBER,
    "delegations.ended_by": NUMBER,
    "handoffs.requester": ASKED,
    "handoffs.helper": NUMBER,
    "handoffs.channel": NUMBER,
    "audit.entry": "who did what and when; what was personal in it is sealed, and nobody has the key",
    "forgettings.person_id": "that you were forgotten, and this receipt",
    "forgettings.subject": WALKED,
    "forgettings.place": WALKED,
    "forgettings.account": WALKED,
    "forgotten_marks.mark": "a hash with a key of ours, by which a restored backup is gone through anew",
}
