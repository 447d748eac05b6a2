"""What the database's own catalogue must say, of tables that nobody has thought of yet as well.

Each rule is one query; every row that it returns is a finding, in words.
"""

from __future__ import annotations

from typing import Any

from workers.store.dsn import APP_ROLE, OWNER_ROLE
from workers.store.schema import APPEND_ONLY

# Everything that is let past a rule, by name.
NOT_OURS = ("alembic_version",)  # which migrations ran: the app has no right to it
KEYS_ACROSS_TENANTS = ("installations_one_tenant",)
DISPATCHED = (
    "tenants", "installations", "conversations", "effects",  # to be found before the tenant is known
    "inbox", "outbox", "approvals", "decisions",  # to be counted, and dropped when they are old
    "audit", "audit_heads",  # to be sealed, by the one who can change nothing else
    "approval_queue", "batch_decisions",  # to be counted, as figures of nobody
    "approval_edits", "forgettings",  # to be emptied of whoever is forgotten, of the tenant that is set
    "chunks",  # to be found by their words, of the tenant that is set
)  # fmt: skip
FUNCTIONS_ACROSS_TENANTS = (
    "tenant_of_installation(text,text)",
    "tenant_of_effect(text)",
    "tenants_there()",
    "claim_conversations(text,double precision,integer)",
    "due_effects(integer,double precision)",
    "measure()",
    "drop_decisions(text[])",
    "seal_audit(integer)",
    "restart_audit(bytea,bigint,bytea)",
    "sign_audit(bigint,bytea,timestamp with time zone,bytea,text)",
    "tenants_unsealed(integer)",
    "measure_approvals()",
    "measure_audit()",
    "forget_changes(uuid[])",
    "chunks_that_hold(text[],double precision[],text[],text[],integer,integer)",
    "chunks_that_say(text[],real[],text[],integer,integer)",
)

POLICY = (
    "(tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid"
    ' AS "nullif"))'
)


def _names(names: Any) -> str:
    return "array[" + ",".join("'" + name.replace("'", "''") + "'" for name in sorted(names)) + "]::text[]"


_OURS = """
    select c.*, c.oid as id, c.oid::regclass::text as named from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^(pg_|information_schema)'
      and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')
"""
_TABLES = f"""
    select * from ({_OURS}) o where o.relkind in ('r', 'p', 'f') and o.named <> all ({_names(NOT_OURS)})
"""
_FUNCTIONS = """
    select p.*, p.oid as id, p.oid::regprocedure::text as named from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname !~ '^(pg_|information_schema)'
      and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')
"""
_GRANTS = f"""
    select t.named, t.relkind, a.privilege_type as what,
           case when a.grantee = 0 then 'public' else a.grantee::regrole::text end as whose
    from ({_OURS}) t, lateral aclexplode(t.relacl) a where a.grantee <> t.relowner
"""

RULES: dict[str, str] = {
    "every table names its tenant": f"""
        select named || ' has no tenant_id uuid not null' from ({_TABLES}) t where not exists (
          select 1 from pg_attribute a where a.attrelid = t.id and a.attname = 'tenant_id' and a.attnotnull
            and a.atttypid = 'uuid'::regtype and not a.attisdropped)""",
    "row-level security binds everybody": f"""
        select named || ' is not under forced row-level security' from ({_TABLES}) t
        where not (relrowsecurity and relforcerowsecurity)""",
    "every table has the tenant's policy": f"""
        select named || ' is without the policy' from ({_TABLES}) t where not exists (
          select 1 from pg_policies p where format('%I.%I', p.schemaname, p.tablename)::regclass = t.id
            and p.policyname = 'tenant' and p.permissive = 'PERMISSIVE' and p.cmd = 'ALL'
            and p.roles = array['{APP_ROLE}']::name[]
            and p.qual = $${POLICY}$$ and p.with_check = $${POLICY}$$)""",
    "there is no other policy": f"""
        select tablename || ' has a policy ' || policyname from pg_policies
        where policyname <> 'tenant' and not (policyname = 'dispatch'
          and tablename = any ({_names(DISPATCHED)}) and roles = array['{OWNER_ROLE}']::name[])""",
    "every key begins with the tenant": f"""
        select i.indexrelid::regclass || ' of ' || t.named || ' does not' from ({_TABLES}) t
        join pg_index i on i.indrelid = t.id and (i.indisunique or i.indisexclusion)
        left join pg_attribute a on a.attrelid = t.id and a.attnum = i.indkey[0]
        where a.attname is distinct from 'tenant_id'
          and i.indexrelid::regclass::text <> all ({_names(KEYS_ACROSS_TENANTS)})""",
    "every table has a primary key": f"""
        select named || ' has none' from ({_TABLES}) t
        where not exists (select 1 from pg_index i where i.indrelid = t.id and i.indisprimary)""",
    "every foreign key begins with the tenant": """
        select k.conname || ' of ' || k.conrelid::regclass || ' does not' from pg_constraint k
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
        join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]
        where k.contype = 'f' and (a.attname <> 'tenant_id' or b.attname <> 'tenant_id'
          or (cardinality(k.conkey) < 2 and k.confrelid <> 'tenants'::regclass))""",
    "a view looks with the eyes of whoever asks": f"""
        select named || ' does not' from ({_OURS}) v where relkind = 'v'
          and not coalesce(reloptions && array['security_invoker=true', 'security_invoker=on'], false)""",
    "there is no materialized view": f"select named || ' is one' from ({_OURS}) v where relkind = 'm'",
    "there is no rewriting rule": f"""
        select r.rulename || ' on ' || t.named from ({_TABLES}) t join pg_rewrite r on r.ev_class = t.id""",
    "only the listed functions look across tenants": f"""
        select named || ' does too' from ({_FUNCTIONS}) f
        where prosecdef and named <> all ({_names(FUNCTIONS_ACROSS_TENANTS)})
        union all select missing || ' is listed and not there'
        from unnest({_names(FUNCTIONS_ACROSS_TENANTS)}) missing
        where not exists (select 1 from ({_FUNCTIONS}) f where named = missing and prosecdef)""",
    "their search path is fixed": f"""
        select named || ' has another' from ({_FUNCTIONS}) f
        where prosecdef and proconfig is distinct from array['search_path=public, pg_temp']""",
    "only the app may call them": f"""
        select named || ' may be called by '
          || case when a.grantee = 0 then 'public' else a.grantee::regrole::text end
        from ({_FUNCTIONS}) f, lateral aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
        where prosecdef and a.grantee not in (f.proowner, '{APP_ROLE}'::regrole)""",
    "the owner owns everything": f"""
        select named || ' belongs to ' || relowner::regrole from ({_OURS}) o
        where relowner <> '{OWNER_ROLE}'::regrole
        union all select named || ' belongs to ' || proowner::regrole from ({_FUNCTIONS}) f
        where proowner <> '{OWNER_ROLE}'::regrole""",
    "neither role stands above row-level security": f"""
        select rolname || ' does' from pg_roles where rolname in ('{APP_ROLE}', '{OWNER_ROLE}')
          and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)
        union all select rolname || ' may log in' from pg_roles
        where rolname = '{OWNER_ROLE}' and rolcanlogin""",
    "the app is nobody else": f"""
        select 'it may become ' || roleid::regrole from pg_auth_members
        where member = '{APP_ROLE}'::regrole""",
    "the app reads and writes rows, and that is all": f"""
        select named || ': ' || whose || ' may ' || what from ({_GRANTS}) g
        where named <> all ({_names(NOT_OURS)}) and not (whose = '{APP_ROLE}'
          and relkind in ('r', 'p') and what in ('SELECT', 'INSERT', 'UPDATE', 'DELETE'))
        union all select c.attrelid::regclass || '.' || c.attname || ' has a grant of its own'
        from pg_attribute c join ({_OURS}) t on t.id = c.attrelid where c.attacl is not null""",
    "what is only added to stays": f"""
        select named || ' could be changed: ' || what from ({_GRANTS}) g
        where named = any ({_names(APPEND_ONLY)}) and what in ('UPDATE', 'DELETE', 'TRUNCATE')""",
    "the app makes nothing": f"""
        select 'in schema ' || nspname from pg_namespace
        where nspname !~ '^pg_(toast|temp)' and has_schema_privilege('{APP_ROLE}', oid, 'create')
        union all select 'schemas'
        where has_database_privilege('{APP_ROLE}', current_database(), 'create')""",
    "nothing is granted ahead of time": "select defaclrole::regrole || ' does' from pg_default_acl",
    "the app has no way into our own bookkeeping": f"""
        select named || ': ' || whose || ' may ' || what from ({_GRANTS}) g
        where named = any ({_names(NOT_OURS)})""",
}


async def findings(connection: Any) -> dict[str, list[str]]:
    """Findings by rule, without the rules that have none."""
    found = {rule: [each[0] for each in await connection.fetch(query)] for rule, query in RULES.items()}
    return {rule: texts for rule, texts in found.items() if texts}
