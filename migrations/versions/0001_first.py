"""The first schema: every table tenant first, row-level security forced, the app neither owner nor superuser.

Safe on a live database: it only creates. The statements run as `countersign_owner`.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE audit (
    tenant_id UUID NOT NULL,
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    entry BYTEA NOT NULL,
    seal_seq BIGINT,
    prev BYTEA,
    hash BYTEA,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX audit_unsealed ON audit (tenant_id, id) WHERE hash is null;
CREATE TABLE conversations (
    tenant_id UUID NOT NULL,
    key TEXT NOT NULL,
    fence BIGINT DEFAULT '0' NOT NULL,
    lease_owner TEXT DEFAULT '' NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE DEFAULT '-infinity'::timestamptz NOT NULL,
    ready_at TIMESTAMP WITH TIME ZONE DEFAULT 'infinity'::timestamptz NOT NULL,
    seq BIGINT DEFAULT '0' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (tenant_id, key)
);
CREATE INDEX conversations_ready ON conversations (ready_at) WHERE ready_at < 'infinity';
CREATE TABLE flow_versions (
    tenant_id UUID NOT NULL,
    flow TEXT NOT NULL,
    version TEXT NOT NULL,
    definition JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (tenant_id, flow, version)
);
CREATE TABLE installations (
    tenant_id UUID NOT NULL,
    platform TEXT NOT NULL,
    workspace TEXT NOT NULL,
    bot_user TEXT DEFAULT '' NOT NULL,
    via TEXT DEFAULT '' NOT NULL,
    credentials TEXT,
    installed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    removed_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (tenant_id, platform, workspace)
);
CREATE UNIQUE INDEX installations_one_tenant ON installations (platform, workspace);
CREATE TABLE people (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    name TEXT NOT NULL,
    email TEXT DEFAULT '' NOT NULL,
    time_zone TEXT DEFAULT 'UTC' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX people_email ON people (tenant_id, email) WHERE email <> '';
CREATE TABLE person_keys (
    tenant_id UUID NOT NULL,
    person_id UUID NOT NULL,
    sealed_key TEXT NOT NULL,
    PRIMARY KEY (tenant_id, person_id)
);
CREATE TABLE policies (
    tenant_id UUID NOT NULL,
    version TEXT NOT NULL,
    document JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (tenant_id, version)
);
CREATE TABLE tenants (
    tenant_id UUID NOT NULL,
    name TEXT NOT NULL,
    paused BOOLEAN DEFAULT false NOT NULL,
    policy_version TEXT,
    settings JSONB DEFAULT '{}' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (tenant_id)
);
CREATE TABLE accounts (
    tenant_id UUID NOT NULL,
    platform TEXT NOT NULL,
    workspace TEXT NOT NULL,
    user_id TEXT NOT NULL,
    person_id UUID NOT NULL,
    name TEXT NOT NULL,
    direct JSONB,
    seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (tenant_id, platform, workspace, user_id),
    FOREIGN KEY(tenant_id, person_id) REFERENCES people (tenant_id, id)
);
CREATE INDEX accounts_person ON accounts (tenant_id, person_id);
CREATE TABLE active_flows (
    tenant_id UUID NOT NULL,
    flow TEXT NOT NULL,
    version TEXT NOT NULL,
    activated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (tenant_id, flow),
    FOREIGN KEY(tenant_id, flow, version) REFERENCES flow_versions (tenant_id, flow, version)
);
CREATE TABLE inbox (
    tenant_id UUID NOT NULL,
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    source TEXT NOT NULL,
    dedupe TEXT NOT NULL,
    conversation TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload BYTEA NOT NULL,
    state SMALLINT DEFAULT '0' NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    answer JSONB,
    error TEXT,
    trace TEXT,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    done_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT inbox_once UNIQUE (tenant_id, source, dedupe),
    FOREIGN KEY(tenant_id, conversation) REFERENCES conversations (tenant_id, key)
);
CREATE INDEX inbox_waiting ON inbox (tenant_id, conversation, id) WHERE state = 0;
CREATE TABLE outbox (
    tenant_id UUID NOT NULL,
    id TEXT NOT NULL,
    conversation TEXT NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    place JSONB NOT NULL,
    account JSONB,
    target TEXT,
    trigger TEXT,
    content JSONB NOT NULL,
    then_turn JSONB,
    state TEXT DEFAULT 'queued' NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    not_before TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    tried_at TIMESTAMP WITH TIME ZONE,
    expires_at TIMESTAMP WITH TIME ZONE DEFAULT 'infinity'::timestamptz NOT NULL,
    external_id TEXT,
    thread TEXT,
    error TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT outbox_order UNIQUE (tenant_id, conversation, seq),
    FOREIGN KEY(tenant_id, conversation) REFERENCES conversations (tenant_id, key),
    CONSTRAINT outbox_state CHECK (state in ('queued','sending','sent','failed','dropped'))
);
CREATE INDEX outbox_waiting ON outbox (tenant_id, conversation, seq) WHERE state in ('queued','sending');
CREATE TABLE runs (
    tenant_id UUID NOT NULL,
    id TEXT NOT NULL,
    conversation TEXT NOT NULL,
    place JSONB NOT NULL,
    flow TEXT NOT NULL,
    flow_version TEXT NOT NULL,
    requester UUID NOT NULL,
    state JSONB NOT NULL,
    status TEXT NOT NULL,
    version INTEGER DEFAULT '0' NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY(tenant_id, conversation) REFERENCES conversations (tenant_id, key),
    FOREIGN KEY(tenant_id, requester) REFERENCES people (tenant_id, id),
    FOREIGN KEY(tenant_id, flow, flow_version) REFERENCES flow_versions (tenant_id, flow, version)
);
CREATE INDEX runs_of_person ON runs (tenant_id, requester, started_at);
CREATE INDEX runs_open ON runs (tenant_id, conversation) WHERE status = 'waiting';
CREATE TABLE timers (
    tenant_id UUID NOT NULL,
    id TEXT NOT NULL,
    conversation TEXT NOT NULL,
    event JSONB NOT NULL,
    fire_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT DEFAULT 'set' NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY(tenant_id, conversation) REFERENCES conversations (tenant_id, key)
);
CREATE INDEX timers_set ON timers (tenant_id, conversation, fire_at) WHERE state = 'set';
CREATE TABLE effects (
    tenant_id UUID NOT NULL,
    key TEXT NOT NULL,
    run_id TEXT NOT NULL,
    conversation TEXT NOT NULL,
    step TEXT NOT NULL,
    tool TEXT NOT NULL,
    arguments BYTEA NOT NULL,
    policy_version TEXT NOT NULL,
    risk TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    fence BIGINT DEFAULT '0' NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE DEFAULT '-infinity'::timestamptz NOT NULL,
    not_before TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    began_at TIMESTAMP WITH TIME ZONE,
    published_at TIMESTAMP WITH TIME ZONE,
    external_id TEXT,
    result JSONB,
    error_code TEXT,
    error TEXT,
    trace TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (tenant_id, key),
    FOREIGN KEY(tenant_id, run_id) REFERENCES runs (tenant_id, id),
    CONSTRAINT effects_state CHECK (state in ('held','queued','running','waiting','done',
        'failed','unknown','dead','withdrawn'))
);
CREATE INDEX effects_due ON effects (not_before) WHERE state in ('queued','running');
CREATE INDEX effects_external ON effects (tenant_id, external_id) WHERE external_id is not null;
CREATE INDEX effects_of_run ON effects (tenant_id, run_id);
CREATE TABLE approvals (
    tenant_id UUID NOT NULL,
    id TEXT NOT NULL,
    effect_key TEXT NOT NULL,
    run_id TEXT NOT NULL,
    conversation TEXT NOT NULL,
    step TEXT NOT NULL,
    tool TEXT NOT NULL,
    requester UUID NOT NULL,
    account TEXT NOT NULL,
    flow_version TEXT NOT NULL,
    policy_version TEXT NOT NULL,
    digest BYTEA NOT NULL,
    code TEXT NOT NULL,
    rule TEXT NOT NULL,
    because TEXT NOT NULL,
    words TEXT NOT NULL,
    card JSONB NOT NULL,
    state TEXT DEFAULT 'pending' NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_by UUID,
    reason TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    used_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY(tenant_id, effect_key) REFERENCES effects (tenant_id, key),
    FOREIGN KEY(tenant_id, requester) REFERENCES people (tenant_id, id),
    CONSTRAINT approvals_state CHECK (state in ('pending','approved','rejected',
        'expired','withdrawn','used','void'))
);
CREATE INDEX approvals_effect ON approvals (tenant_id, effect_key);
CREATE INDEX approvals_pending ON approvals (tenant_id, state) WHERE state = 'pending';
CREATE TABLE approval_cards (
    tenant_id UUID NOT NULL,
    approval_id TEXT NOT NULL,
    outbox_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, approval_id, outbox_id),
    FOREIGN KEY(tenant_id, approval_id) REFERENCES approvals (tenant_id, id)
);
CREATE TABLE decisions (
    tenant_id UUID NOT NULL,
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    approval_id TEXT NOT NULL,
    person_id UUID NOT NULL,
    platform TEXT NOT NULL,
    verdict TEXT NOT NULL,
    outcome TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY(tenant_id, approval_id) REFERENCES approvals (tenant_id, id)
);
"""

APPEND_ONLY = ("audit", "decisions", "flow_versions", "policies")

# Before the tenant is known, somebody has to find it. These few functions run as the owner, see
# only what their one statement returns, and are the whole list of what may cross tenants.
DISPATCH = """
create function tenant_of_installation(p_platform text, p_workspace text) returns uuid
language sql stable security definer set search_path = public, pg_temp as $$
    select tenant_id from public.installations
    where platform = p_platform and workspace = p_workspace and removed_at is null
$$;
create function tenant_of_effect(p_key text) returns uuid
language sql stable security definer set search_path = public, pg_temp as $$
    select tenant_id from public.effects where key = p_key
$$;
create function tenants_there() returns table(tenant_id uuid, name text)
language sql stable security definer set search_path = public, pg_temp as $$
    select t.tenant_id, t.name from public.tenants t order by t.created_at
$$;
create function claim_conversations(p_owner text, p_lease double precision, p_most integer)
returns table(tenant_id uuid, key text, fence bigint)
language sql security definer set search_path = public, pg_temp as $$
    with due as (
        select c.tenant_id, c.key from public.conversations c
        where c.ready_at <= now() and c.lease_until < now()
        order by c.ready_at limit p_most for update skip locked
    )
    update public.conversations k
    set fence = k.fence + 1, lease_owner = p_owner, lease_until = now() + make_interval(secs => p_lease)
    from due where k.tenant_id = due.tenant_id and k.key = due.key
    returning k.tenant_id, k.key, k.fence
$$;
create function due_effects(p_most integer, p_quiet double precision)
returns table(tenant_id uuid, key text)
language sql security definer set search_path = public, pg_temp as $$
    with due as (
        select e.tenant_id, e.key from public.effects e
        where e.state in ('queued', 'running') and e.not_before <= now() and e.lease_until < now()
          and (e.published_at is null or e.published_at < now() - make_interval(secs => p_quiet))
        order by e.not_before limit p_most for update skip locked
    )
    update public.effects k set published_at = now()
    from due where k.tenant_id = due.tenant_id and k.key = due.key
    returning k.tenant_id, k.key
$$;
"""

DISPATCHED = ("tenants", "installations", "conversations", "effects")
FUNCTIONS = (
    "tenant_of_installation(text, text)",
    "tenant_of_effect(text)",
    "tenants_there()",
    "claim_conversations(text, double precision, integer)",
    "due_effects(integer, double precision)",
)


def upgrade() -> None:
    _each(TABLES)
    for table in _tables():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(
            f"create policy tenant on {table} to countersign_app"
            " using (tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid))"
            " with check (tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid))"
        )
        if table in DISPATCHED:
            op.execute(f"create policy dispatch on {table} to countersign_owner using (true)")
        rights = "select, insert" if table in APPEND_ONLY else "select, insert, update, delete"
        op.execute(f"grant {rights} on {table} to countersign_app")
    for statement in DISPATCH.split("$$;"):
        if statement.strip():
            op.execute(statement + "$$")
    for function in FUNCTIONS:
        op.execute(f"revoke all on function {function} from public")
        op.execute(f"grant execute on function {function} to countersign_app")


def downgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"drop function if exists {function}")
    for table in reversed(_tables()):
        op.execute(f"drop table if exists {table} cascade")


def _tables() -> list[str]:
    return [line.split()[2] for line in TABLES.splitlines() if line.startswith("CREATE TABLE")]


def _each(statements: str) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            op.execute(statement)
