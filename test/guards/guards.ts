/*
 * What protects the log, its readers and the programs beside it: each guard with the change that takes it away, and the
 * test files of which one must fail then. Left out are the tests that notice any change whatever (the schema dump, the
 * fingerprints): they do not say what would have happened to somebody.
 */

type Watched = {
  /** What somebody would lose, in their words; unique. */
  readonly name: string
  /** Parts of paths of test files, as test/run.ts takes them. */
  readonly tests: readonly string[]
}

/** Taken away by replacing a text that stands once in a file. */
type InFile = Watched & { readonly file: string; readonly text: string; readonly without: string }

/** Taken away by a superuser, in the database from which every test's is copied. */
type InDatabase = Watched & { readonly statement: string }

export type Guard = InFile | InDatabase

const sql = (path: string) => `db/migrations/fixtures/${path}.sql`

const rights: readonly Guard[] = [
  { name: 'Not everybody reads the entries', statement: 'grant select on audit.event to public', tests: ['test/db/catalogue'] },
  { name: 'Not everybody writes entries', statement: 'grant insert on audit.event to public', tests: ['test/db/append-only'] },
  { name: 'A reader of one company sees no other: row-level security is on', statement: 'alter table audit.event disable row level security', tests: ['test/server/reading'] },
  {
    name: 'A reader sees the own company only', tests: ['test/server/reading'],
    file: sql('reading/viewer'), text: `using (company_id = nullif(pg_catalog.current_setting('audit.company_id', true), '') and (select`, without: 'using ((select',
  },
  {
    name: 'The policy asks at each query whether the person may read', tests: ['test/server/reading'],
    file: sql('reading/viewer'), text: ` and (select audit_private.viewer_is_granted()));`, without: ');',
  },
  {
    name: 'Entries of a company without the add-on are not read', tests: ['test/server/reading'],
    file: sql('reading/viewer_access'), text: `when c.has_audit_log is not true                                          then 'add_on_missing'`, without: '',
  },
  {
    name: 'Entries are not read by who is no administrator', tests: ['test/server/reading'],
    file: sql('reading/viewer_access'), text: `when (audit_private.administrator_row(company, person)).user_id is null   then 'not_administrator'`, without: '',
  },
  {
    name: 'The list of acts reads with the rights of its reader', tests: ['test/db/catalogue'],
    file: sql('reading/act'), text: 'create or replace view audit.act with (security_invoker = true) as', without: 'create or replace view audit.act as',
  },
  { name: 'The private tables are under row-level security', statement: 'alter table audit_private.token_key disable row level security', tests: ['test/db/catalogue'] },
  {
    name: 'Functions of the log may not be called by everybody', tests: ['test/db/catalogue'],
    file: sql('roles/ownership'), text: `execute pg_catalog.format('revoke execute on routine %s from public', made.signature);`, without: 'null;',
  },
  {
    name: 'Functions that are written later may not be called by everybody', tests: ['test/db/catalogue'],
    file: sql('schemas/schemas'), text: 'alter default privileges for role audit_owner revoke execute on functions from public;', without: '',
  },
  {
    name: 'Who migrates is not left a member of the owner', tests: ['test/db/migrate.test'],
    file: sql('roles/ownership'), text: `execute pg_catalog.format('revoke audit_owner from %I', current_user);`, without: 'null;',
  },
  {
    name: 'A function with the rights of the owner has a fixed search path', tests: ['test/db/catalogue'],
    file: sql('context/act_as'), text: 'set search_path = pg_catalog, pg_temp\n', without: '',
  },
  {
    name: 'No temporary table or type stands in for one of PostgreSQL', tests: ['test/db/snapshot', 'test/db/catalogue'],
    file: sql('capture/capture_settings'), text: `'search_path=pg_catalog, pg_temp'`, without: `'search_path=pg_catalog'`,
  },
  { name: 'The health of the log is for DBAs', statement: 'grant usage on schema audit to public; grant select on audit.health to public; grant execute on function audit_private.health_rows() to public', tests: ['test/db/health'] },
]

const againstOwners: readonly Guard[] = [
  { name: 'Code of the host that runs as the agent drops and changes nothing', tests: ['test/security/host-code'], file: sql('guard/refuse_agent'), text: `if current_user = 'audit_agent' then`, without: 'if false then' },
  { name: 'Code of the host that runs as the agent reads no entry', tests: ['test/security/host-code'], file: sql('tables/event_agent_rights'), text: 'revoke select, insert on audit.event from audit_agent;', without: 'revoke insert on audit.event from audit_agent;' },
  { name: 'Code of the host that runs as the agent cannot name another login, time or transaction', tests: ['test/security/host-code'], file: sql('tables/event_agent_rights'), text: `a.attname not in ('occurred_at', 'transaction_id', 'db_user')`, without: 'true' },
  { name: 'A trigger that is switched off on one partition is found', tests: ['test/security/table-owners'], file: sql('health/findings'), text: 'where m.relation <> t.target\n', without: 'where false\n' },
  { name: 'A trigger that is switched off for a moment on an inheriting table is recorded', tests: ['test/security/table-owners'], file: sql('guard/schema_events'), text: `select i.inhparent from touched t join pg_inherits i on i.inhrelid = t.relation\n`, without: `select i.inhparent from touched t join pg_inherits i on i.inhrelid = t.relation where false\n` },
  { name: 'A partition that is detached is recorded, however the statement is written', tests: ['test/security/table-owners'], file: sql('guard/schema_events'), text: `f where tg_tag = 'ALTER TABLE';`, without: `f where tg_tag = 'ALTER TABLE' and current_query() ~* 'detach';` },
  { name: 'A trigger that is another one for a moment is recorded', tests: ['test/security/table-owners'], file: sql('guard/schema_events'), text: 'perform audit_private.on_trigger();', without: 'null;' },
  { name: 'Who makes the following of changes fail is recorded', tests: ['test/security/table-owners'], file: sql('guard/schema_events'), text: 'if changed is not null then', without: 'if false then' },
  { name: 'Who makes the following of drops fail is recorded', tests: ['test/security/table-owners'], file: sql('guard/schema_events'), text: `where o.classid = 'pg_class'::regclass and o.objsubid = 0;\n`, without: `where false;\n` },
  { name: 'A deletion is not taken for a move because another command moves rows', tests: ['test/security/database'], file: sql('capture/capture_variants'), text: ' and audit_private.deletions_running(target) = 0;', without: ';' },
  { name: 'Nobody acts without saying who, by writing the context', tests: ['test/security/database'], file: sql('context/read_context'), text: ` and pg_catalog.btrim(pg_catalog.concat(field[3], field[4])) <> ''`, without: '' },
  { name: 'What ANALYZE keeps of the keys is nothing', tests: ['test/security/database'], file: sql('tables/secret_statistics'), text: `alter table audit_private.token_key
  alter column inner_key type bytea, alter column inner_key set statistics 0,`, without: `alter table audit_private.token_key
  alter column inner_key type bytea,` },
  { name: 'Who may follow everything that is written is found', tests: ['test/security/database'], file: sql('health/findings'), text: 'where r.rolreplication and not r.rolsuper', without: 'where false' },
  { name: 'Many who ask whether the server is ready take no connections of readers', tests: ['test/security/http'], file: 'server/app.ts', text: 'return (id) => (asked ??= ask(id).finally(() => { asked = null }))', without: 'return (id) => asked ?? ask(id)' },
  { name: 'The name of a table is no formula in a file', tests: ['test/security/http'], file: 'server/export/query.ts', text: `...['owner_kind', 'owner_id', 'owner_label', 'actor_id', 'actor_name'].map(free),`, without: `plain('owner_kind'), ...['owner_id', 'owner_label', 'actor_id', 'actor_name'].map(free),` },
]

const appendOnly: readonly Guard[] = [
  { name: 'Entries are never changed, not even by their owner', statement: 'alter table audit.event disable trigger guard_change', tests: ['test/db/append-only'] },
  { name: 'Entries come from the functions of the log only', statement: 'alter table audit.event disable trigger guard_insert', tests: ['test/db/append-only'] },
  { name: 'Replica mode does not silence the guard of changes', statement: 'alter table audit.event enable trigger guard_change', tests: ['test/db/append-only'] },
  { name: 'Replica mode does not silence the guard of inserts', statement: 'alter table audit.event enable trigger guard_insert', tests: ['test/db/append-only'] },
  {
    name: 'The log cannot be truncated', tests: ['test/db/append-only'],
    file: sql('guard/refuse_change'), text: 'before update or delete or truncate on audit.event', without: 'before update or delete on audit.event',
  },
]

const recording: readonly Guard[] = [
  {
    name: 'Replica mode does not silence the recording', tests: ['test/db/snapshot'],
    file: sql('capture/track'), text: `execute format('alter table %s %s', wanted.on_table, wanted.actions);`, without: 'null;',
  },
  {
    name: 'A truncate is recorded row by row', tests: ['test/db/track'],
    file: sql('capture/capture_variants'), text: `from t join member m on m.relkind = 'r'`, without: `from t join member m on m.relkind = 'none'`,
  },
  {
    name: 'A soft delete is recorded once, not at each further update', tests: ['test/db/soft-delete'],
    file: sql('capture/capture_variants'),
    text: `pg_catalog.format('after update on %%s for each row when (not (%s) and (%s))',
           audit_private.is_marked(target, t.soft_delete, 'old'), `,
    without: `pg_catalog.format('after update on %%s for each row when ((%s) is not null and (%s))',
           audit_private.is_marked(target, t.soft_delete, 'old'), `,
  },
  {
    name: 'A restored row is recorded, and nothing that is not restored', tests: ['test/db/soft-delete'],
    file: sql('capture/capture_variants'),
    text: `pg_catalog.format('after update on %%s for each row when ((%s) and not (%s))',`,
    without: `pg_catalog.format('after update on %%s for each row when ((%s) is not null and not (%s))',`,
  },
  {
    name: 'A row that moves to another partition is not recorded as deleted', tests: ['test/db/partitions'],
    file: sql('capture/capture_variants'), text: `return currval('audit_private.moving') = audit_private.moving_mark(target) and audit_private.deletions_running(target) = 0;`, without: 'return false;',
  },
  {
    name: 'No login can hide a deletion by saying that rows are being moved', tests: ['test/db/partitions'],
    file: sql('capture/capture_variants'), text: 'if audit_private.is_moving(%L::regclass)%s then', without: `if coalesce(current_setting(''audit.moving'', true), '''') <> '''' then`,
  },
  {
    name: 'Masked columns are kept nowhere', tests: ['test/db/snapshot'],
    file: sql('capture/register'), text: ` and a.attname <> all (coalesce(mask, '{}'))`, without: '',
  },
  {
    name: 'A long text is cut in the snapshot', tests: ['test/db/snapshot'],
    file: sql('capture/column_code'), text: `'case when octet_length(%1$s) > %2$s then audit_private.cut_text`, without: `'case when octet_length(%1$s) > 60 * %2$s then audit_private.cut_text`,
  },
  {
    name: 'Bytes are not kept whole in the snapshot', tests: ['test/db/snapshot'],
    file: sql('capture/cut_text'), text: 'case when pg_catalog.octet_length(value) <= 128 then', without: 'case when true then',
  },
  {
    name: 'A json that jsonb refuses does not stop the delete', tests: ['test/db/snapshot'],
    file: sql('capture/cut_text'), text: `return jsonb_build_object('_snapshot_error', sqlstate, 'text', value::text);`, without: 'raise;',
  },
  {
    name: 'A large json is cut in the snapshot', tests: ['test/db/snapshot'],
    file: sql('capture/cut_text'), text: 'if octet_length(value::text) > most then', without: 'if false then',
  },
  {
    name: 'What is stored compressed is measured as it is written', tests: ['test/db/snapshot'],
    file: sql('capture/cut_text'), text: 'case when octet_length(written) > most then', without: 'case when false then',
  },
  {
    name: 'The wide columns of a row share the limit of its snapshot', tests: ['test/db/snapshot'],
    file: sql('capture/capture_code'), text: `65536 / greatest(1, (t.understood ->> 'wide')::integer)`, without: '65536',
  },
  {
    name: 'A label is cut at 500 characters', tests: ['test/db/snapshot'],
    file: sql('capture/cut_text'), text: 'case when pg_catalog.length(start) > 500 then', without: 'case when false then',
  },
  {
    name: 'A row without a name is named by its key', tests: ['test/db/snapshot'],
    file: sql('capture/cut_text'), text: `  '#' || id);`, without: '  null);',
  },
  {
    name: 'A view in the place of a table does not run with the rights of the log', tests: ['test/db/table-owner'],
    file: sql('capture/capture_settings'), text: `      (4, true, 'restrict_nonsystem_relation_kind=view, foreign-table'),\n`, without: '',
  },
  {
    name: 'No cast of somebody\'s runs with the rights of the log', tests: ['test/db/table-owner'],
    file: sql('capture/column_code'), text: `when base.oid < 16384 and base.typtype = 'b' and base.typelem = 0`, without: 'when true',
  },
  {
    name: 'The same row leaves the same bytes under every time zone', tests: ['test/db/snapshot'],
    file: sql('capture/capture_settings'), text: `      (5, formats, 'TimeZone=UTC'),\n`, without: '',
  },
  {
    name: 'A row whose parent is still there has no cause', tests: ['test/db/cascade'],
    file: sql('capture/capture_code'), text: `limit 1) is null', parent.target,`, without: `limit 1) is null or true', parent.target,`,
  },
  {
    name: 'A cause is an entry of the same transaction', tests: ['test/db/cascade'],
    file: sql('capture/act'), text: 'since and p.transaction_id = pg_catalog.pg_current_xact_id() and p.object_kind', without: 'since and p.object_kind',
  },
  {
    name: 'What is deleted twice in a transaction is the cause only once', tests: ['test/db/cheap-capture'],
    file: sql('capture/act'), text: 'select distinct on (p.object_id)\n', without: 'select\n',
  },
  {
    name: 'Rows that point at each other are all recorded', tests: ['test/db/cascade'],
    file: sql('capture/capture_code'), text: `left join above on above."audit.event_id"`, without: `join above on above."audit.event_id"`,
  },
]

const attaching: readonly Guard[] = [
  { name: 'Only its owner attaches a table, whatever function is called', tests: ['test/db/table-owner'], file: sql('capture/register'), text: `perform audit_private.require_owner(target, 'audit.track');`, without: '' },
  { name: 'Only its owner detaches a table, whatever function is called', tests: ['test/db/table-owner'], file: sql('capture/track'), text: `perform audit_private.require_owner(target, 'audit.untrack');`, without: '' },
  { name: 'Only its owner names the table of administrators', tests: ['test/db/read-access'], file: sql('reading/read_access_from'), text: `perform audit_private.require_owner(administrators, 'audit.read_access_from');`, without: '' },
  { name: 'Only its owner names the table of companies', tests: ['test/db/read-access'], file: sql('reading/read_access_from'), text: `perform audit_private.require_owner(companies, 'audit.read_access_from');`, without: '' },
  { name: 'A table that lacks a column says nobody\'s access', tests: ['test/db/read-access'], file: sql('reading/read_access_from'), text: `perform audit_private.require_access_columns(given.relation, given.argument, given.wanted);`, without: '' },
  { name: 'An add-on that is not true or false is refused', tests: ['test/db/read-access'], file: sql('reading/read_access_from'), text: `if col = 'has_audit_log' and (select`, without: `if false and (select` },
  { name: 'A kind is a plain word', tests: ['test/db/track'], file: sql('capture/register'), text: `if kind !~ '^[a-z][a-z0-9_]{0,39}$' then`, without: 'if false then' },
  { name: 'A kind belongs to one table', tests: ['test/db/track'], file: sql('capture/register'), text: `if exists (select from audit_private.tracked t where t.kind = register.kind and t.target <> register.target) then`, without: 'if false then' },
  { name: 'A partition is not attached beside its table', tests: ['test/db/partitions'], file: sql('capture/register'), text: `register.target in (select audit_private.tree_below(t.target)))\n   limit 1;`, without: `register.target in (select audit_private.tree_below(t.target))) and false\n   limit 1;` },
  { name: 'Settings that contradict each other are refused', tests: ['test/db/other-peoples'], file: sql('capture/register'), text: 'perform audit_private.require_sense(target, label, mask, soft_delete);', without: '' },
  { name: 'A change of what is recorded is an entry', tests: ['test/db/other-peoples'], file: sql('capture/register'), text: 'if becomes <> was then', without: 'if false then' },
  { name: 'Children of a table that is attached after them learn of it', tests: ['test/db/other-peoples'], file: sql('capture/register'), text: 'if old.target is null or old.soft_delete is distinct from soft_delete then', without: 'if false then' },
  { name: 'A parent that is marked as deleted is gone', tests: ['test/db/other-peoples'], file: sql('capture/capture_code'), text: `' and not (' || audit_private.is_marked(parent.target, parent.soft_delete, 'p') || ')')`, without: `'')` },
  { name: 'A table without a key is refused', tests: ['test/db/track'], file: sql('capture/register'), text: 'if key is null then', without: 'if false then' },
  { name: 'A label that cannot be read is refused', tests: ['test/db/track'], file: sql('capture/read_label'), text: 'if found is null then', without: `if found is null then return parts; end if; if false then` },
  { name: 'A label names columns that are there', tests: ['test/db/track'], file: sql('capture/read_label'), text: `perform audit_private.require_column(target, found[1], 'label');`, without: '' },
  { name: 'A path that leads nowhere is refused', tests: ['test/db/track'], file: sql('capture/read_path'), text: 'if hop is null then', without: `if hop is null then return null; end if; if false then` },
  { name: 'A company is a column, not a row', tests: ['test/db/track'], file: sql('capture/read_path'), text: '      if ends_in_column then\n', without: '      if false then\n' },
  { name: 'A path by name needs a key of one column', tests: ['test/db/track'], file: sql('capture/read_path'), text: 'if pg_catalog.cardinality(keys) is distinct from 1 then', without: 'if false then' },
  { name: 'A view is not attached', tests: ['test/db/track'], file: sql('capture/track'), text: `if relation.relkind is null or relation.relkind not in ('r', 'p') or`, without: `if relation.relkind is null or relation.relkind not in ('r', 'p', 'v', 'm') or` },
  { name: 'A temporary table is not attached', tests: ['test/db/track'], file: sql('capture/track'), text: ` or relation.relpersistence = 't'\n`, without: '\n' },
  { name: 'A TRUNCATE is refused where it was told to', tests: ['test/db/track'], file: sql('capture/capture_variants'), text: `case t.truncate when 'refuse' then 'refuse_truncate' else`, without: `case when false then 'refuse_truncate' else` },
  { name: 'A manner of TRUNCATE is one that is known', tests: ['test/db/track'], file: sql('capture/register'), text: `if truncate is null or truncate not in ('record', 'refuse') then`, without: 'if false then' },
  { name: 'A mark of deletion does not decide the partition', tests: ['test/db/track'], file: sql('capture/register'), text: 'where a.attnum = any (p.partattrs::int2[])', without: 'where false' },
  { name: 'The log follows a table into another schema', tests: ['test/db/track'], file: sql('guard/schema_events'), text: `execute format('grant usage on schema %I to audit_agent', entered);`, without: 'null;' },
  { name: 'A schema that is closed to the log stops no delete', tests: ['test/db/track'], file: sql('guard/schema_events'), text: 'perform audit_private.leave_closed_schema(changed);', without: '' },
  { name: 'A long company stops no delete', tests: ['test/db/track'], file: sql('capture/bounded'), text: 'case when pg_catalog.octet_length(given) > 1000 then', without: 'case when false then' },
  { name: 'A long key stops no delete', tests: ['test/db/track'], file: sql('capture/capture_code'), text: `format(' and octet_length(%s) <= 1000', key)`, without: `''` },
  { name: 'A company that wants actors has them', tests: ['test/db/require-actor'], file: sql('context/require_actor'), text: `if exists (select from audit_private.strict_company s where s.company_id in ('', refuse_missing_actor.company_id)) then`, without: 'if false then' },
  { name: 'A signing key that is added is recorded', tests: ['test/db/settings-recorded'], file: sql('context/token_key'), text: `perform audit_private.record_setting('token_key.added', 'token_key', left(key_id, 200), left(key_id, 200), null, jsonb_build_object('issuer', issuer, 'audience', audience));`, without: '' },
  { name: 'Who may read is recorded', tests: ['test/db/settings-recorded'], file: sql('reading/grant_administrator'), text: `perform audit_private.record_setting('access.granted', 'administrator', user_id, user_name, company_id);`, without: 'null;' },
  { name: 'Fingerprints are renewed after an upgrade only', tests: ['test/db/health'], file: sql('health/fingerprints'), text: 'if before = major then', without: 'if false then' },
  { name: 'An upgrade of PostgreSQL is no false alarm', tests: ['test/db/health'], file: sql('health/findings'), text: `r.shown is distinct from f.shown and r.server_major = current_setting('server_version_num')::integer / 10000`, without: 'r.shown is distinct from f.shown' },
  { name: 'Tables of an earlier release get functions of this one', tests: ['test/db/upgrade'], file: sql('capture/rewrite_tracked'), text: 'if audit_private.write_capture(t.target) then', without: 'if true then' },
  { name: 'Rights that no table needs any more are given back', tests: ['test/db/track'], file: sql('capture/track'), text: `execute format('revoke select (%I) on %s from audit_agent', needless.col, needless.there);`, without: 'null;' },
]

const acting: readonly Guard[] = [
  { name: 'Who acted in one transaction does not act in the next', tests: ['test/db/context'], file: sql('context/read_context'), text: 'and field[1] = audit_private.transaction_mark()', without: '' },
  { name: 'Nobody writes a verified actor but the database', tests: ['test/db/context'], file: sql('context/read_context'), text: `(field[2] = 'missing' or`, without: `(field[2] in ('missing', 'verified') or` },
  { name: 'A source that is none never stops a delete', tests: ['test/db/context'], file: sql('context/read_context'), text: `       and field[5] in ('app', 'api', 'admin', 'system', 'sql')\n`, without: '' },
  { name: 'A context of another shape is not believed', tests: ['test/db/context'], file: sql('context/read_context'), text: 'if pg_catalog.cardinality(field) = 12\n', without: 'if pg_catalog.cardinality(field) > 0\n' },
  { name: 'A name that an application writes past act_as is cut', tests: ['test/db/context'], file: sql('context/read_context'), text: 'if pg_catalog.octet_length(given) > 400 then', without: 'if false then' },
  { name: 'A name holds no separator that would shift the others', tests: ['test/db/context'], file: sql('context/clean_text'), text: String.raw`e'\x1f\r\n\t', '    ')`, without: String.raw`e'\r\n\t', '   ')` },
  { name: 'A huge name is cut', tests: ['test/db/context'], file: sql('context/clean_text'), text: 'case when pg_catalog.length(given) > most then', without: 'case when false then' },
  { name: 'A cut name is told from a whole one', tests: ['test/db/context'], file: sql('context/write_context'), text: `case when length(actor_name) > 200 then 'actor_name' end,`, without: '' },
  { name: 'An unknown source is refused', tests: ['test/db/context'], file: sql('context/act_as'), text: `if lower(act_as.source) is null or lower(act_as.source) not in ('app', 'api', 'admin', 'system', 'sql') then`, without: 'if false then' },
  { name: 'A bound login is no other source', tests: ['test/db/context'], file: sql('context/read_context'), text: 'coalesce(audit_private.bound_source_of(session_user), field[5]),', without: 'field[5],' },
  { name: 'A login that says nothing is its bound source', tests: ['test/db/context'], file: sql('context/read_context'), text: `coalesce(audit_private.bound_source_of(session_user), 'sql'),`, without: `'sql',` },
  { name: 'The short way through act_as takes no blanks and no control characters', tests: ['test/db/cheap-capture'], file: sql('context/act_as'), text: String.raw`said !~ e'[\x01-\x1e]| \x1f|\x1f '`, without: 'true' },
  { name: 'The short way through act_as takes no separator', tests: ['test/db/cheap-capture'], file: sql('context/act_as'), text: String.raw` and cardinality(string_to_array(said, e'\x1f')) = 12`, without: '' },
  { name: 'The short way through act_as takes nothing that is to be cut', tests: ['test/db/cheap-capture'], file: sql('context/act_as'), text: ' and octet_length(said) <= 240', without: '' },
  { name: 'What login is bound is read anew when it changes', tests: ['test/db/cheap-capture'], file: sql('context/rules_as_code'), text: 'create or replace trigger write_rules after insert or update or delete or truncate on audit_private.bound_source\n', without: 'create or replace trigger write_rules after truncate on audit_private.bound_source\n' },
  { name: 'Who wants actors is read anew when it changes', tests: ['test/db/cheap-capture', 'test/db/require-actor'], file: sql('context/rules_as_code'), text: 'create or replace trigger write_rules after insert or update or delete or truncate on audit_private.strict_company\n', without: 'create or replace trigger write_rules after truncate on audit_private.strict_company\n' },
  { name: 'Two who bind logins at once lose nothing', tests: ['test/db/cheap-capture'], file: sql('context/rules_as_code'), text: 'order by r.object for update);', without: 'order by r.object);' },
  { name: 'A setting that is no number makes no delete fail', tests: ['test/db/cheap-capture'], file: sql('capture/act'), text: `case when acts ~ '^[0-9]{1,18} [0-9]{1,18}$' then pg_catalog.split_part(acts, ' ', 2)::bigint end`, without: `pg_catalog.split_part(acts, ' ', 2)::bigint` },
  { name: 'The database believes HS256 only', tests: ['test/db/context'], file: sql('context/act_as_token'), text: `if header ->> 'alg' is distinct from 'HS256' then`, without: 'if false then' },
  { name: 'The database checks the signature of a token', tests: ['test/db/context'], file: sql('context/act_as_token'), text: `, t.inner_key, t.outer_key) = audit_private.from_base64url(part[3])`, without: `, t.inner_key, t.outer_key) is not null` },
  { name: 'The database believes no token that is over', tests: ['test/db/context'], file: sql('context/act_as_token'), text: ` or (claims ->> 'exp')::numeric <= extract(epoch from clock_timestamp()) then 'expired'`, without: ` then 'expired'` },
  { name: 'The database believes no token without an end', tests: ['test/db/context'], file: sql('context/act_as_token'), text: `when jsonb_typeof(claims -> 'exp') is distinct from 'number' or`, without: 'when' },
  { name: 'The database believes no token of the future', tests: ['test/db/context'], file: sql('context/act_as_token'), text: `when jsonb_typeof(claims -> 'nbf') = 'number' and`, without: 'when false and' },
  { name: 'The database believes no token of another issuer', tests: ['test/db/context'], file: sql('context/act_as_token'), text: 'when k.issuer is not null and', without: 'when false and' },
  { name: 'The database believes no token for another audience', tests: ['test/db/context'], file: sql('context/act_as_token'), text: 'when k.audience is not null and', without: 'when false and' },
  { name: 'A token without a person is nobody', tests: ['test/db/context'], file: sql('context/act_as_token'), text: `when audit_private.clean_text(claims ->> 'sub', 200) is null then 'no subject'`, without: `when false then 'no subject'` },
  { name: 'A bad token never stops a delete', tests: ['test/db/context'], file: sql('context/act_as_token'), text: `exception when others then\n  problem := 'malformed';\nend`, without: 'end' },
  { name: 'The database takes no short secret', tests: ['test/db/context'], file: sql('context/token_key'), text: 'if coalesce(octet_length(secret), 0) < 32 then', without: 'if false then' },
]

const exporting: readonly Guard[] = [
  { name: 'Only projects, customers and contacts are reported as exported', tests: ['test/db/exports'], file: sql('export/record_export'), text: `if what is null or what not in ('project', 'customer', 'contact') then`, without: 'if false then' },
  { name: 'No export has less than no rows', tests: ['test/db/exports'], file: sql('export/record_export'), text: 'if row_count < 0 then', without: 'if false then' },
  { name: 'The filter of an export is no place for its rows', tests: ['test/db/exports'], file: sql('export/record_export'), text: 'if octet_length(filter::text) > 16384 then', without: 'if false then' },
  { name: 'Who may not read exports nothing, whoever asks the database', tests: ['test/db/exports'], file: sql('export/record_log_export'), text: `if v.access <> 'granted' then`, without: 'if false then' },
  { name: 'Nobody ends the export of another', tests: ['test/db/exports'], file: sql('export/record_log_export'), text: ' and e.company_id = v.company_id and e.actor_id = v.viewer_id', without: '' },
  { name: 'A repeated request is one entry', tests: ['test/db/exports', 'test/server/exports-api'], file: sql('export/record_export'), text: 'if first_id <> new_id then return first_id; end if;', without: '' },
  { name: 'A request id that comes back after a day is no retry', tests: ['test/db/exports'], file: sql('export/count_export_attempt'), text: ` and e.occurred_at > clock_timestamp() - interval '24 hours'`, without: '' },
  { name: 'Two reports of a request at one moment are one entry', tests: ['test/db/exports', 'test/server/exports-api'], file: sql('tables/export_attempt'), text: 'primary key (request_key, attempt)', without: 'primary key (request_key, attempt, event_id)' },
  { name: 'Attempts are never changed', tests: ['test/db/exports'], statement: 'alter table audit.export_attempt disable trigger guard_change' },
  { name: 'Attempts are not forged', tests: ['test/db/exports'], statement: 'alter table audit.export_attempt disable trigger guard_insert' },
  { name: 'Attempts are read by their own company', tests: ['test/db/exports'], statement: 'alter policy select_own_company on audit.export_attempt using (true)' },
  { name: 'An export is ended by its login only', tests: ['test/db/exports'], file: sql('export/record_export_end'), text: ' and e.db_user = c.db_user', without: '' },
  { name: 'An export is ended by its person only', tests: ['test/server/exports-api'], file: sql('export/record_export_end'), text: 'e.actor_id is not distinct from c.actor_id', without: 'true' },
  { name: 'An export is ended in its company only', tests: ['test/server/exports-api'], file: sql('export/record_export_end'), text: ' and coalesce(c.company_id, e.company_id) = e.company_id', without: '' },
]

const dividing: readonly Guard[] = [
  {
    name: 'Entries of a year are guarded by the name of its partition too', tests: ['test/partitions/by-year'],
    file: sql('partitions/add_partition'), text: '  perform audit_private.guard_partition(part::regclass);\n', without: '',
  },
  {
    name: 'Nobody keeps a right on the table that becomes a partition', tests: ['test/partitions/by-year'],
    file: sql('partitions/become_partitioned'), text: '  revoke all on audit.event from public, audit_admin, audit_agent, audit_dba;\n', without: '',
  },
  {
    name: 'Row-level security stands above the partitions', tests: ['test/partitions/by-year'],
    file: sql('partitions/become_partitioned'), text: 'alter table audit.event enable row level security; ', without: '',
  },
  {
    name: 'Above the partitions the guards are never silent', tests: ['test/partitions/by-year'],
    file: sql('partitions/become_partitioned'), text: `format('; alter table audit.event enable always trigger %I; ', g.tgname)`, without: `'; '`,
  },
  {
    name: 'The log is not divided where something else is built upon it', tests: ['test/partitions/by-year'],
    file: sql('partitions/become_partitioned'), text: `where coalesce(p.pronamespace, c.relnamespace, 0) not in`, without: 'where 0 not in',
  },
  {
    name: 'A log that is not as released is not divided, which would release it', tests: ['test/partitions/by-year'],
    file: sql('partitions/become_partitioned'), text: `where (r.fingerprint is distinct from f.fingerprint or r.shown`, without: `where (r.fingerprint is distinct from r.fingerprint and r.shown`,
  },
  {
    name: 'A year begins only in a partition that others see', tests: ['test/partitions/years'],
    file: sql('partitions/add_partition'), text: `  if not audit_private.has_partition(year)
     or exists (`, without: `  if not audit_private.has_partition(year)
     or false and exists (`,
  },
  {
    name: 'The numbers of entries never go back', tests: ['test/partitions/years'],
    file: sql('partitions/add_partition'), text: 'if audit_private.year_of_numbers() < year then', without: 'if true then',
  },
  {
    name: 'A new partition does not release what somebody else did to the table', tests: ['test/partitions/years'],
    file: sql('partitions/add_partition'), text: 'if was_released then', without: 'if true then',
  },
  {
    name: 'The keeper follows no clock that is years ahead', tests: ['test/partitions/years'],
    file: sql('partitions/add_partition'), text: 'elsif this_year = year + 1 then', without: 'elsif this_year > year then this_year := year + 1;',
  },
  {
    name: 'The wraparound of partitions is looked at', tests: ['test/partitions/years'],
    file: sql('health/findings'), text: ` or c.oid in (select i.inhrelid from pg_inherits i where i.inhparent = 'audit.event'::regclass)) and age`, without: ') and age',
  },
  { name: 'The entries of all years are left when the log goes', tests: ['test/partitions/by-year'], file: 'operator/uninstall.ts', text: ` or c.oid in (select inhrelid from pg_inherits where inhparent = to_regclass('audit.\${table}'))`, without: '' },
]

const health: readonly Guard[] = [
  { name: 'Health finds a disabled trigger', tests: ['test/db/health', 'test/db/schema-changes'], file: sql('health/findings'), text: `from there where trigger_id is not null and tgenabled <> 'A'`, without: 'from there where false' },
  { name: 'Health finds a missing trigger', tests: ['test/db/health', 'test/db/schema-changes'], file: sql('health/findings'), text: 'from there where trigger_id is null', without: 'from there where false' },
  { name: 'Health finds a trigger that calls something else', tests: ['test/db/health', 'test/db/schema-changes'], file: sql('health/findings'), text: 'from there where proname <> function_name', without: 'from there where false' },
  { name: 'Health finds a condition on a trigger', tests: ['test/db/health'], file: sql('health/findings'), text: `case when tgqual is null then '' else`, without: `case when true then coalesce(audit_private.bare_condition(substring(trigger_code from ' when (.*)$')), '') else` },
  { name: 'Health finds a changed capture function', tests: ['test/db/health'], file: sql('health/findings'), text: 'and (prosrc <> body or not prosecdef or', without: 'and (not prosecdef and' },
  { name: 'Health finds whatever is not as released', tests: ['test/db/health'], file: sql('health/findings'), text: 'where r.fingerprint is distinct from f.fingerprint', without: 'where false' },
  { name: 'Health finds rows that go along unseen', tests: ['test/db/health'], file: sql('health/findings'), text: `where not exists (select from audit_private.tracked child where child.target = c.conrelid)`, without: 'where false' },
  { name: 'Health finds members of the owner', tests: ['test/db/health'], file: sql('health/findings'), text: `where m.roleid in ('audit_owner'::regrole, 'audit_agent'::regrole) and`, without: 'where false and' },
  { name: 'Health finds logins past row-level security', tests: ['test/db/health'], file: sql('health/findings'), text: `where r.rolbypassrls and not r.rolsuper and r.rolname <> 'audit_agent'`, without: 'where false' },
  { name: 'Health finds who may enter replica mode', tests: ['test/db/health'], file: sql('health/findings'), text: `where p.parname = 'session_replication_role' and`, without: 'where false and' },
  { name: 'Health finds who may write all data', tests: ['test/db/append-only'], file: sql('health/findings'), text: `where p.rolname = 'pg_write_all_data' and`, without: 'where false and' },
  { name: 'Health finds logins that inherit the right to read', tests: ['test/db/health'], file: sql('health/findings'), text: `where m.roleid = 'audit_admin'::regrole and`, without: 'where false and' },
  { name: 'Health finds functions marked leakproof by hand', tests: ['test/db/health'], file: sql('health/findings'), text: 'where p.proleakproof and p.oid >= 16384', without: 'where false' },
  { name: 'Health finds a log that nobody can read', tests: ['test/db/grant-administrator'], file: sql('health/findings'), text: 'where not exists (select from audit_private.company)\n', without: 'where false\n' },
  { name: 'Health finds a tracked table that is gone', tests: ['test/db/health', 'test/db/schema-changes'], file: sql('health/findings'), text: 'from audit_private.tracked t where not exists (select from pg_class c where c.oid = t.target)', without: 'from audit_private.tracked t where false' },
  { name: 'Health finds a column that the log may not read any more', tests: ['test/db/health', 'test/db/schema-changes'], file: sql('health/findings'), text: `and not coalesce(has_column_privilege('audit_agent', k.relation, k.number, 'select'), true)`, without: 'and false' },
  { name: 'A change after which nothing is recorded is an entry', tests: ['test/db/schema-changes'], file: sql('guard/schema_events'), text: 'if findings is not null then', without: 'if false then' },
  { name: 'A renamed column is followed', tests: ['test/db/schema-changes'], file: sql('guard/schema_events'), text: 'perform audit_private.follow_change(changed);', without: '' },
  { name: 'A dropped table is an entry', tests: ['test/db/schema-changes'], file: sql('guard/schema_events'), text: `perform audit_private.record_schema_event('table.dropped', gone.objid`, without: `perform format('table.dropped', gone.objid` },
  { name: 'A dropped trigger is an entry', tests: ['test/db/schema-changes'], file: sql('guard/schema_events'), text: `where o.object_type = 'trigger' and`, without: 'where false and' },
  { name: 'A detached table is an entry', tests: ['test/db/schema-changes'], file: sql('capture/track'), text: `perform audit_private.record_schema_event('table.untracked', target, target::text, '{}');`, without: '' },
  { name: 'Replica mode does not silence the following of changes', tests: ['test/db/schema-changes'], file: sql('guard/event_triggers'), text: 'alter event trigger audit_follow_changes enable always;', without: '' },
  { name: 'Replica mode does not silence the recording of drops', tests: ['test/db/schema-changes'], file: sql('guard/event_triggers'), text: 'alter event trigger audit_record_drops enable always;', without: '' },
]

const signingIn: readonly Guard[] = [
  { name: 'A token is signed with the agreed algorithm', tests: ['test/server/session'], file: 'server/identity.ts', text: 'algorithms: [tokenKey.algorithm], issuer', without: `algorithms: [tokenKey.algorithm, 'HS512'], issuer` },
  { name: 'A token comes from the host application', tests: ['test/server/session'], file: 'server/identity.ts', text: '[tokenKey.algorithm], issuer, audience', without: '[tokenKey.algorithm], audience' },
  { name: 'A token is meant for the audit log', tests: ['test/server/session'], file: 'server/identity.ts', text: '[tokenKey.algorithm], issuer, audience, typ', without: '[tokenKey.algorithm], issuer, typ' },
  { name: 'A token is of the right type', tests: ['test/server/session'], file: 'server/identity.ts', text: 'issuer, audience, typ: type,', without: 'issuer, audience,' },
  { name: 'A token has an end', tests: ['test/server/session'], file: 'server/identity.ts', text: `requiredClaims: ['sub', 'exp', 'company'], clockTolerance,`, without: `requiredClaims: ['sub', 'company'], clockTolerance,` },
  { name: 'A token that is over is refused', tests: ['test/server/session'], file: 'server/identity.ts', text: `'company'], clockTolerance,`, without: `'company'], clockTolerance: 1e9,` },
  { name: 'A session is no token', tests: ['test/server/session'], file: 'server/identity.ts', text: `createHmac('sha256', secretBytes).update('audit log session').digest()`, without: 'secretBytes' },
  { name: 'A session is over after its hours', tests: ['test/server/session'], file: 'server/identity.ts', text: '.setExpirationTime(`${sessionSeconds} s`)', without: `.setExpirationTime('1 year')` },
  { name: 'A short token secret is refused', tests: ['test/server/config', 'test/server/session'], file: 'server/config.ts', text: 'Buffer.byteLength(secret) >= 32', without: 'Buffer.byteLength(secret) >= 1' },
  { name: 'No script reads the session', tests: ['test/server/session'], file: 'server/session.ts', text: 'httpOnly: true', without: 'httpOnly: false' },
  { name: 'No other site sends the session', tests: ['test/server/session'], file: 'server/session.ts', text: `sameSite: 'lax'`, without: `sameSite: 'none'` },
  { name: 'The session travels over TLS only', tests: ['test/server/session'], file: 'server/session.ts', text: 'secure: request.secure', without: 'secure: false' },
  { name: 'The session is tied to this host', tests: ['test/server/session'], file: 'server/request-identity.ts', text: `(isSecure ? '__Host-audit-session' : 'audit-session')`, without: `(isSecure ? 'audit-session' : 'audit-session')` },
  { name: 'No other site signs a person in', tests: ['test/server/session'], file: 'server/session.ts', text: `onlyMethods('POST', 'DELETE'), refuseForeign(formOrigins)`, without: `onlyMethods('POST', 'DELETE')` },
  { name: 'A host application signs in by a form only', tests: ['test/server/session'], file: 'server/same-origin.ts', text: ` && request.is('application/x-www-form-urlencoded')`, without: '' },
  { name: 'An old browser\'s foreign page is refused by its origin', tests: ['test/server/session', 'test/server/limits'], file: 'server/same-origin.ts', text: 'site === undefined ? origin !== undefined && !isOwn(request, origin) :', without: 'site === undefined ? false :' },
  { name: 'A sign-in holds a token and nothing else', tests: ['test/server/session'], file: 'server/session.ts', text: 'z.strictObject({ token:', without: 'z.object({ token:' },
  { name: 'The role of a request is a constant', tests: ['test/server/reading'], file: 'server/identity.ts', text: `    role: 'audit_admin',\n`, without: '' },
  { name: 'No token, name or search stands in the log', tests: ['test/server/session'], file: 'server/request-id.ts', text: `path: url.replace(/\\?.*$/s, '')`, without: 'path: url' },
]

const serving: readonly Guard[] = [
  { name: 'An unknown filter is refused', tests: ['test/server/event-filter'], file: 'server/event-filter.ts', text: 'const eventFilter = z.strictObject({', without: 'const eventFilter = z.object({' },
  { name: 'An unknown parameter is refused', tests: ['test/server/event-filter', 'test/server/export.test'], file: 'server/event-filter.ts', text: 'if (!isParameter(name)) throw badFilter(', without: 'if (!isParameter(name)) continue; else if (false) throw badFilter(' },
  { name: 'An unknown action is refused', tests: ['test/db/filter', 'test/server/event-figures'], file: sql('filter/read_filter'), text: 'not audit_private.occurs_unkept(f.company_id, wrong.action)', without: 'false' },
  { name: 'An unknown key of a filter is refused in SQL too', tests: ['test/db/filter'], file: sql('filter/read_filter'), text: 'from jsonb_object_keys(filter) key where key <> all (keys)', without: 'from jsonb_object_keys(filter) key where false' },
  { name: 'An action of another company is as unknown as any', tests: ['test/db/filter'], file: sql('filter/read_filter'), text: 'where a.company_id = known_actions.company_id or known_actions.company_id is null', without: 'where true' },
  { name: 'A viewer who may not read has no company', tests: ['test/db/filter', 'test/server/event-figures'], file: sql('filter/filter_code'), text: "if not coalesce(audit_private.viewer_is_granted(), false) then company := repeat('-', 1001); end if;", without: '' },
  { name: 'A header that decides something is not there twice', tests: ['test/security/neighbours'], file: 'server/app.ts', text: 'refuseOversized, refuseAmbiguous, ', without: 'refuseOversized, ' },
  { name: 'Whoever names another company stands in the log', tests: ['test/security/other-company'], file: 'server/app.ts', text: ', noteOtherCompany({ identities, requestId, logger })', without: '' },
  { name: 'A blank secret is none', tests: ['test/server/config'], file: 'server/config.ts', text: "value.trim() !== ''", without: "value !== ''" },
  { name: 'Documents with mistakes are counted as refused', tests: ['test/server/metrics'], file: 'server/graphql/status.ts', text: 'if (codes.length > 0) onRefused(codes)', without: '' },
  { name: 'Memory that grows is found also in a short load', tests: ['test/soak/load'], file: 'soak/load.ts', text: 'if (heap + outside > limits.floor)', without: 'if (minutes > 2 && heap + outside > limits.floor)' },
  { name: 'NODE_ENV does not leave out what a clone needs', tests: ['test/set-up/install'], file: 'set-up/install-dependencies.mjs', text: ", '--include=dev', '--include=optional'", without: '' },
  { name: 'A viewer finds no act of another company', tests: ['test/security/hostile-names'], file: sql('filter/filter_code'), text: 'and e.company_id = company) then f.act := 0', without: ') then f.act := 0' },
  { name: 'Names of columns are no template of a trigger', tests: ['test/security/hostile-names'], file: sql('capture/track'), text: "'create or replace trigger %I %s execute function audit_private.%I()', wanted.trigger_name,\n      overlay(wanted.trigger_code placing wanted.on_table::text from strpos(wanted.trigger_code, '%s') for 2), wanted.function_name", without: "'create or replace trigger %I ' || wanted.trigger_code || ' execute function audit_private.%I()', wanted.trigger_name, wanted.on_table, wanted.function_name" },
  { name: 'Nobody drops what captures the table of another', tests: ['test/security/hostile-names'], file: sql('capture/track'), text: "and not exists (select from audit_private.tracked t where p.proname ~ ('^' || audit_private.as_pattern(t.function_name) || '(__[a-z_]+)?$'))", without: '' },
  { name: 'A viewer cannot ask for figures of any company', tests: ['test/db/filter'], statement: 'grant execute on function audit_private.count_for_dba(jsonb, bigint) to audit_admin' },
  { name: 'A zone of somebody\'s own making is refused', tests: ['test/db/filter'], file: sql('filter/filter_values'), text: "if time_zone !~ '^([A-Z]", without: "if false and time_zone !~ '^([A-Z]" },
  { name: 'The keeper counts its own transaction as open', tests: ['test/keeping'], file: sql('keeping/keep'), text: 'union select me.id where me.id < pg_snapshot_xmax(s.snapshot)', without: 'union select me.id where false' },
  { name: 'What the keeper made in another cluster is not believed', tests: ['test/keeping'], file: sql('keeping/unkept'), text: 'where k.written_in::xid = k.xmin', without: 'where true' },
  { name: 'An entry that is kept is not found a second time', tests: ['test/keeping'], file: sql('keeping/unkept'), text: 'and not exists (select from audit_private.kept_event kept where kept.event_id = %1$s.id)', without: '' },
  { name: 'Bars that do not count everything say so', tests: ['test/reading/random'], file: sql('searching/histogram_of'), text: '($3).since is null or $2[b] > ($3).since', without: 'true' },
  { name: 'Facets and bars count no more than so many', tests: ['test/reading/random'], file: sql('searching/newest_hits'), text: 'order by k.occurred_at desc limit $2 + 1)', without: 'order by k.occurred_at desc)' },
  { name: 'Main entries follow the tables that are tracked', tests: ['test/keeping/follow-tracking'], file: sql('keeping/keep'), text: 'perform audit_private.follow_tracking();', without: '' },
  { name: 'IST is not taken for the zone of Israel', tests: ['test/db/filter-neighbours'], file: sql('filter/filter_values'), text: "or time_zone !~ '^(UTC|GMT|EST|MST|HST|[CEMW]ET)$' and exists", without: 'or false and exists' },
  { name: 'A zone with a short name keeps its summer time', tests: ['test/db/filter-neighbours'], file: sql('filter/filter_values'), text: 'return audit_private.area_of(time_zone);', without: 'return time_zone;' },
  { name: 'Two keepers do not wait for each other', tests: ['test/keeping'], file: sql('keeping/keep'), text: 'from audit_private.keeping k for update skip locked', without: 'from audit_private.keeping k for update nowait' },
  { name: 'Only a keeper keeps', statement: 'grant execute on function audit.keep(integer) to audit_app', tests: ['test/keeping'] },
  { name: 'A parameter that is given twice is refused', tests: ['test/server/event-filter'], file: 'server/event-filter.ts', text: 'else if (before !== undefined) throw', without: 'else if (false) throw' },
  { name: 'A period that ends before it begins is refused', tests: ['test/db/filter'], file: sql('filter/read_filter'), text: 'if f.starts_at >= f.ends_at then', without: 'if false then' },
  { name: 'A period ends before its end', tests: ['test/db/filter', 'test/server/reading'], file: sql('filter/filter_code'), text: "format('%s.occurred_at < %L::timestamptz'", without: "format('%s.occurred_at <= %L::timestamptz'" },
  { name: 'NUL is refused', tests: ['test/server/event-filter'], file: 'server/event-filter.ts', text: `!value.includes('\\0'), {`, without: `!value.includes('\\0\\0\\0'), {` },
  { name: 'Half of a surrogate pair is refused', tests: ['test/server/event-filter'], file: 'server/event-filter.ts', text: '(value) => value.isWellFormed(), {', without: '(value) => value !== null, {' },
  { name: 'Bytes that are not UTF-8 are refused', tests: ['test/server/event-filter', 'test/server/export.test'], file: 'server/event-filter.ts', text: `return decodeURIComponent(text.replaceAll('+', ' '))`, without: `return new URLSearchParams(\`a=\${text}\`).get('a') ?? ''` },
  { name: 'A search takes % and _ for what they are', tests: ['test/db/filter', 'test/server/reading'], file: sql('filter/filter_code'), text: "'%', E'\\\\%')", without: "'%', '%')" },
  { name: 'A page has 200 entries at most', tests: ['test/server/reading', 'test/server/limits'], file: 'server/graphql/events.ts', text: 'if (size < 1 || size > most)', without: 'if (size < 1)' },
  { name: 'A document has few fields of Query', tests: ['test/server/limits'], file: 'server/graphql/document.ts', text: 'if (roots > documentLimits.rootFields)', without: 'if (false)' },
  { name: 'A document has few fields', tests: ['test/server/limits'], file: 'server/graphql/document.ts', text: `for (const key of ['fields', 'aliases', 'depth', 'cost'] as const)`, without: 'for (const key of [])' },
  { name: 'GraphQL only reads', tests: ['test/server/limits'], file: 'server/graphql/limits.ts', text: 'rules.push(refuseOtherOperations)', without: 'rules.push()' },
  { name: 'The schema may not be asked for', tests: ['test/server/limits'], file: 'server/graphql/limits.ts', text: ', NoSchemaIntrospectionCustomRule)\n', without: ')\n' },
  { name: 'The schema is not told by suggestions', tests: ['test/server/limits'], file: 'server/graphql/limits.ts', text: '...rules.map(withoutSuggestions)', without: '...rules' },
  { name: 'GraphQL answers own pages and programs only', tests: ['test/server/limits'], file: 'server/graphql.ts', text: `onlyMethods('POST'), refuseForeign(), onlyBodies`, without: `onlyMethods('POST'), onlyBodies` },
  { name: 'GraphQL takes one operation a request', tests: ['test/server/limits'], file: 'server/graphql.ts', text: 'inflate: false }), refuseBatch, ', without: 'inflate: false }), ' },
  { name: 'GraphQL sees no table that is not named', tests: ['test/server/schema.test'], file: 'server/graphql/exposure.ts', text: `keepOnly(classes, (table) => table.getNamespace()?.nspname !== schema || tables.includes(table.relname))`, without: '' },
  { name: 'What PostgreSQL says is masked', tests: ['test/server/limits'], file: 'server/graphql/errors.ts', text: `refusal?.message ?? 'Something went wrong on the server.'`, without: 'refusal?.message ?? error.message' },
  { name: 'A query that takes too long is stopped', tests: ['test/server/limits'], file: 'server/identity.ts', text: '    statement_timeout: String(statementTimeout),\n', without: '' },
  { name: 'No script but our own runs on a page', tests: ['test/server/limits'], file: 'server/app.ts', text: `'script-src': ["'self'"]`, without: `'script-src': ["'self'", "'unsafe-inline'"]` },
  { name: 'A session that was signed out reads nothing', tests: ['test/server/session-end'], file: sql('reading/viewer_access'), text: ' or audit_private.session_is_ended()', without: '' },
  { name: 'Signing in ends the session before', tests: ['test/server/session-end'], file: 'server/session.ts', text: 'await endSession(before, request)', without: 'await endSession(null, request)' },
  { name: 'A sign-out that the database does not know is not called one', tests: ['test/server/session-end'], file: 'server/session.ts', text: '.catch((cause: unknown) => { throw notEnded(cause) })', without: '.catch(() => undefined)' },
  { name: 'A token is not old', tests: ['test/server/identity'], file: 'server/identity.ts', text: 'if (iat < now - maxAge - clockTolerance)', without: 'if (false)' },
  { name: 'A token does not come from the future', tests: ['test/server/identity'], file: 'server/identity.ts', text: 'if (iat > now + clockTolerance)', without: 'if (false)' },
  { name: 'A private key is refused', tests: ['test/server/identity'], file: 'server/token-key.ts', text: 'if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))', without: 'if (false)' },
  { name: 'A weak key is refused', tests: ['test/server/identity'], file: 'server/token-key.ts', text: 'modulusLength >= 2_048', without: 'modulusLength >= 512' },
  { name: 'A proxy must be named to be believed', tests: ['test/server/config'], file: 'server/config.ts', text: '.regex(/^(false|', without: '.regex(/^(true|false|' },
  { name: 'Only the documents of the screens are answered, where that is wanted', tests: ['test/server/trusted-documents'], file: 'server/graphql.ts', text: 'trustedDocuments?.refuseUnknown(body, bearerToken(request) !== null)', without: '' },
  { name: 'A person in a browser sends no documents of their own, where that is wanted', tests: ['test/server/trusted-documents'], file: 'server/graphql/trusted-documents.ts', text: 'if (isProgram && apiClients) return', without: 'if (apiClients) return' },
  { name: 'A person may read so often', tests: ['test/server/rate-limit'], file: 'server/graphql.ts', text: `await limits.person('read', request, response, identity)`, without: '' },
  { name: 'A person may search so often', tests: ['test/server/rate-limit'], file: 'server/graphql.ts', text: `await limits.person('search', request, response, identity)`, without: '' },
  { name: 'A person may sign in so often', tests: ['test/server/rate-limit'], file: 'server/session.ts', text: 'await limitPerson?.(request, response, identity)', without: '' },
  { name: 'A company may do so much', tests: ['test/server/rate-limit'], file: 'server/rate-limit.ts', text: `[limiter(counted, 'person'), limiter(counted, 'company')]`, without: `[limiter(counted, 'person')]` },
  { name: 'A long address is refused', tests: ['test/security/oversized'], file: 'server/only.ts', text: 'if (request.originalUrl.length > longestAddress)', without: 'if (false)' },
  { name: 'No header is left out in silence', tests: ['test/security/oversized'], file: 'server/only.ts', text: 'if (request.rawHeaders.length >= 2 * mostHeaders)', without: 'if (false)' },
  { name: 'Nobody is worked for who has gone', tests: ['test/server/cancelled'], file: 'server/graphql/reader-client.ts', text: `request.signal.addEventListener('abort', cancel, { once: true })`, without: '' },
  { name: 'Readings are recorded', tests: ['test/server/readings'], file: 'server/graphql/reader-client.ts', text: 'request.onAccess(accessRow.parse(rows)[0].access)', without: 'accessRow.parse(rows)' },
  { name: 'A reading that is refused in the middle of a sitting is recorded', tests: ['test/server/readings'], file: sql('access/reading'), text: 'and r.access = found_access and', without: 'and' },
  { name: 'Two servers record one sitting', tests: ['test/server/readings'], file: sql('access/reading'), text: '   where not exists (', without: '   where true or not exists (' },
  { name: 'Readings are never changed', tests: ['test/server/readings'], file: sql('access/reading'), text: '  before update or delete or truncate on audit.reading', without: '  before truncate on audit.reading' },
  { name: 'Readings are not forged', tests: ['test/server/readings'], file: sql('access/reading'), text: `when (current_user <> 'audit_owner')`, without: 'when (false)' },
  { name: 'Readings are for the security team', statement: 'grant select on audit.reading to audit_admin', tests: ['test/server/readings', 'test/security/rights'] },
  { name: 'Who raises an error in the database does not write the log', tests: ['test/security/log-canaries'], file: 'server/logger.ts', text: `shown = isOfHost ?`, without: 'shown = isOfHost && false ?' },
  { name: 'No other site frames a page', tests: ['test/server/limits'], file: 'server/app.ts', text: `'frame-ancestors': ["'none'"]`, without: `'frame-ancestors': ["'self'"]` },
  { name: 'One address cannot keep the server busy', tests: ['test/server/limits'], file: 'server/app.ts', text: 'refuseAmbiguous, limits.address, noteOther', without: 'refuseAmbiguous, noteOther' },
  { name: 'One address cannot try token after token', tests: ['test/server/limits'], file: 'server/app.ts', text: `app.use('/session', limits.signInAddress, makeSessionRouter({`, without: `app.use('/session', makeSessionRouter({` },
  { name: 'The page of an error escapes what it says', tests: ['test/server/limits'], file: 'server/error-page.ts', text: 'return text.replace(/[&<>"\']/g, (character) => `&#${character.charCodeAt(0)};`)', without: 'return text' },
  { name: 'A lost connection does not end the server', tests: ['test/server/reading'], file: 'server/database.ts', text: `pool.on('error', (error) => logger.warn({ err: error, pool: name }, 'an idle database connection was lost'))`, without: '' },
  { name: 'An export holds no formula', tests: ['test/server/export.test'], file: 'server/export/query.ts', text: `isFree ? formulaSafe(name, value) : csv`, without: 'isFree ? value : csv' },
  { name: 'A full-width formula is one too', tests: ['test/server/export.test'], file: 'server/export/query.ts', text: `, '＝', '＋', '－', '＠'`, without: '' },
  { name: 'What was made safe can be taken back', tests: ['test/server/export.test'], file: 'server/export/query.ts', text: `ascii(\${first}) <> 39 or `, without: `ascii(\${first}) <> 39 or false and ` },
  { name: 'Every value of an export is quoted', tests: ['test/server/export.test'], file: 'server/export/query.ts', text: 'force_quote *, ', without: '' },
  { name: 'A row of CSV ends in CR LF', tests: ['test/server/export.test'], file: 'server/export/csv-lines.ts', text: 'const carriageReturn = 0x0d', without: 'const carriageReturn = 0x20' },
  { name: 'A line feed within a value ends no row', tests: ['test/server/export.test'], file: 'server/export/csv-lines.ts', text: `if (bytes[at + 1] !== quote || !isDigit(bytes[at + 2])) continue`, without: 'if (false) continue' },
  { name: 'Cells that Excel cannot hold are told', tests: ['test/server/export.test'], file: 'server/export/csv-lines.ts', text: 'if (length > longestCell) count += 1', without: '' },
  { name: 'A character that XML does not have is escaped', tests: ['test/server/workbook', 'test/server/export-hostile'], file: 'server/export/sheet.ts', text: `    .replace(/_(?=x[0-9a-fA-F]{4}_)/g, '_x005F_')\n`, without: '' },
  { name: 'A sheet takes so many rows and no more', tests: ['test/server/workbook'], file: 'server/export/workbook.ts', text: ' || rowsHere >= rowsPerSheet', without: '' },
  { name: 'The receipt counts and signs the file', tests: ['test/server/export.test', 'test/operator/check-export'], file: 'server/export/delivery.ts', text: '      hash.update(bytes)\n      if (bytes.length === 0', without: '      if (bytes.length === 0' },
  { name: 'A workbook ends in its hash', tests: ['test/operator/check-export'], file: 'server/export/workbook.ts', text: `yield Buffer.from(zipComment(hash.digest('hex')))`, without: 'yield held' },
  { name: 'A file without its receipt is not whole', tests: ['test/operator/check-export'], file: 'operator/check-export/lines.ts', text: `if (found === null) return null`, without: 'if (found === null) return { receipt: null, length: 0 }' },
  { name: 'A receipt that was changed is none', tests: ['test/operator/check-export'], file: 'server/export/receipt.ts', text: `=== found.receiptSha256 ? found : null`, without: `!== '' ? found : null` },
  { name: 'Rows that were changed are found', tests: ['test/operator/check-export'], file: 'operator/check-export/lines.ts', text: `if (rowsHash.digest('hex') !== receipt.sha256)`, without: `if (rowsHash.digest('hex') === '')` },
  { name: 'A workbook that was changed is found', tests: ['test/operator/check-export'], file: 'operator/check-export/workbook.ts', text: 'if (found !== said)', without: `if (found === '')` },
  { name: 'A forged file is told by the log', tests: ['test/operator/check-export'], file: 'operator/check-export/entry.ts', text: 'complete.row_count !== receipt.rows || complete.sha256 !== receipt.sha256 || complete.file_sha256 !== fileSha256', without: 'false' },
  { name: 'A company that asks for one export does not wait behind twenty', tests: ['test/server/fair-queue'], file: 'server/export/fair-queue.ts', text: ', served.get(who.companyId) ?? 0', without: ', 0' },
  { name: 'One company does not take all places', tests: ['test/server/fair-queue'], file: 'server/export/fair-queue.ts', text: '.length < places - 1', without: '.length < places' },
  { name: 'The queue of exports has an end', tests: ['test/server/fair-queue'], file: 'server/export/fair-queue.ts', text: 'if (waiting.length > most) giveUp(', without: 'if (waiting.length < 0) giveUp(' },
  { name: 'Nobody waits for ever for an export', tests: ['test/server/fair-queue', 'test/server/limits'], file: 'server/export/fair-queue.ts', text: '), patience)', without: '), 1e9)' },
  { name: 'The end of all time is no formula', tests: ['test/server/export-edges'], file: 'server/export/query.ts', text: `then '''-infinity' else`, without: `then '-infinity' else` },
  { name: 'A workbook that was given up keeps nobody waiting', tests: ['test/server/workbook'], file: 'server/export/workbook.ts', text: `    givenUp.signal.throwIfAborted()\n`, without: '' },
  { name: 'A reader who left before the last bytes keeps nobody waiting', tests: ['test/server/export-ends'], file: 'server/export/delivery.ts', text: 'if (response.destroyed) return resolve(false)', without: '' },
  { name: 'A database that does not end a query is given up', tests: ['test/server/export-ends'], file: 'server/export/write-rows.ts', text: 'lastResort = setTimeout(abandon, cancelPatience)', without: '' },
  { name: 'Exports that run have their end in the log when the server ends', tests: ['test/server/export-ends'], file: 'server/export.ts', text: '      closing.abort()\n', without: '' },
  { name: 'A reader who takes nothing does not hold a transaction', tests: ['test/server/export.test'], file: 'server/export/delivery.ts', text: `const stalled = setTimeout(() => stop('the reader was too slow'), limits.stall)`, without: `const stalled = setTimeout(() => undefined, limits.stall)` },
  { name: 'An export does not begin before it is recorded', tests: ['test/server/export.test'], file: 'server/export.ts', text: 'const started = await recordStart(options.pool, settings, facts)', without: `const started = await recordStart(options.pool, settings, facts).catch(() => ({ id: '0', at: '' }))` },
  { name: 'No receipt goes out before its end is recorded', tests: ['test/server/export.test'], file: 'server/export.ts', text: `await recordEnd(job, 'complete', {`, without: `void recordEnd(job, 'complete', {` },
  { name: 'An export is refused to who may not read', tests: ['test/server/export.test'], file: 'server/export.ts', text: `if (viewer.access !== 'granted') throw refusedAccess(viewer.access, viewer.contact)`, without: `if (viewer.access !== 'granted' && viewer.access === 'granted') throw refusedAccess(viewer.access, viewer.contact)` },
  { name: 'An export reads one moment', tests: ['test/server/export.test'], file: 'server/export.ts', text: `'begin isolation level repeatable read read only'`, without: `'begin'` },
  { name: 'A query stops when its reader leaves', tests: ['test/server/export.test'], file: 'server/export/write-rows.ts', text: `signal.addEventListener('abort', stop, { once: true })`, without: '' },
  { name: 'An export is not started by another site', tests: ['test/server/export.test'], file: 'server/export.ts', text: `onlyMethods('GET'), refuseForeign()`, without: `onlyMethods('GET')` },
  { name: 'An export is not started by asking for its headers', tests: ['test/server/export.test'], file: 'server/export.ts', text: `router.use(onlyMethods('GET'), refuseForeign())`, without: 'router.use(refuseForeign())' },
  { name: 'Exports leave connections to the screens', tests: ['test/server/limits'], file: 'server/export.ts', text: 'await inTransaction(options.exportPool, {', without: 'await inTransaction(options.pool, {' },
]

const operating: readonly Guard[] = [
  { name: 'The metrics are not read through a proxy', tests: ['test/server/metrics'], file: 'server/metrics-access.ts', text: 'return !isForwarded && ', without: 'return ' },
  { name: 'The metrics are not read without their token', tests: ['test/server/metrics'], file: 'server/metrics-access.ts', text: `!isSame(bearerToken(request) ?? '', access.token)`, without: `access.token === ''` },
  { name: 'Each entry is counted once in the metrics', tests: ['test/server/metrics'], file: 'server/figures.ts', text: '        counted = horizon\n', without: '' },
  { name: 'A dead connection is replaced before anything is done', tests: ['test/server/transaction'], file: 'server/transaction.ts', text: 'if (!isLost(error) || dead >= pool.options.max) throw error', without: 'throw error' },
  { name: 'Connections that are all dead are not tried for ever', tests: ['test/server/transaction'], file: 'server/transaction.ts', text: ' || dead >= pool.options.max', without: '' },
  { name: 'A lost idle connection does not end the server', tests: ['test/faults/restarts'], file: 'server/database.ts', text: `  pool.on('error', (error) => logger.warn({ err: error, pool: name }, 'an idle database connection was lost'))\n`, without: '' },
  { name: 'Nobody waits for a database that does not answer', tests: ['test/server/database-away'], file: 'server/deadline.ts', text: 'if (!response.headersSent) refuse(', without: 'if (response.headersSent) refuse(' },
  { name: 'A GraphQL answer without the database is a 503', tests: ['test/server/database-away'], file: 'server/graphql/status.ts', text: 'statusCode: failure.status', without: 'statusCode: result.statusCode' },
  { name: 'A read-only database is told as what it is', tests: ['test/server/database-away'], file: 'server/database-error.ts', text: `if (code === '25006') {`, without: `if (code === '') {` },
  { name: 'The end comes within ten seconds', tests: ['test/faults/end'], file: 'server/main.ts', text: '  setTimeout(() => process.exit(), longestEnd)\n', without: '' },
  { name: 'An error that nobody foresaw ends the server', tests: ['test/faults/end'], file: 'server/main.ts', text: '      void end(1)\n', without: '' },
  { name: 'What runs is finished before the end', tests: ['test/faults/end'], file: 'server/listen.ts', text: '    const last = setTimeout(() => server.closeAllConnections(), patience)', without: '    const last = setTimeout(() => server.closeAllConnections(), 0)' },
  { name: 'A server waits for a database that is away', tests: ['test/faults/start'], file: 'server/database.ts', text: `    if (!startWithoutDatabase || !(error`, without: `    if (startWithoutDatabase || !(error` },
  { name: 'A server does not start on a database of another version', tests: ['test/faults/start'], file: 'server/database.ts', text: `  if (state === 'newer') throw`, without: `  if (state === 'foreign') throw` },
  { name: 'Nobody who writes waits behind a migration', tests: ['test/db/migrate'], file: 'db/migrate.ts', text: `const waitForTables = '250ms'`, without: `const waitForTables = '10s'` },
  { name: 'A migration that met a lock is tried again', tests: ['test/db/migrate'], file: 'db/migrate.ts', text: 'for (const pause of [...patience, null])', without: 'for (const pause of [...patience.slice(0, 0), null])' },
  { name: 'The path of a mounted log cannot break out of its page', tests: ['test/server/mounted'], file: 'server/screens.ts', text: 'path.replace(/[&<>"\']/g, (character) => `&#${character.charCodeAt(0)};`)', without: 'path' },
]

const besides: readonly Guard[] = [
  { name: 'Invented entries do not get among real ones by accident', tests: ['test/operator/generate'], file: 'operator/generate.ts', text: `if (!flags.has('add')) await refuseEntries(client)`, without: '' },
  { name: 'Invented entries are marked as such', tests: ['test/operator/generate'], file: 'operator/generate/entry.ts', text: `export const mark = 'audit generate'`, without: `export const mark = 'psql'` },
  { name: 'The keeper does not pass invented entries by', tests: ['test/operator/generate'], file: 'operator/generate/fill.ts', text: '  await useUpTransactions(connectionString, base + transactions)\n', without: '' },
  { name: 'A question that is copied runs nothing in a shell', tests: ['test/server/question'], file: 'server/question.ts', text: "text.replaceAll(\"'\", `'\\\\''`)", without: 'text' },
  { name: 'A question that is copied is SQL with its values in quotes', tests: ['test/server/question'], file: 'server/question.ts', text: 'escapeLiteral(asJson({ companyId: company, ...given }))', without: '`\'${asJson({ companyId: company, ...given })}\'`' },
  { name: 'A question that is copied holds nothing that is not seen', tests: ['test/security/copied-questions'], file: 'server/question.ts', text: 'JSON.stringify(value).replace(unseen, ', without: 'JSON.stringify(value).replace(/^$/g, ' },
  { name: 'A question is written only for who may read', tests: ['test/server/question'], file: 'server/question-api.ts', text: `if (access !== 'granted' || identity === null) throw`, without: 'if (identity === null) throw' },
  { name: 'The host application escapes what it shows', tests: ['test/host-app/pages'], file: 'host-app/html.ts', text: 'const escape = (text: string): string => text.replace(/[&<>"\']/g, (character) => entities[character] ?? character)', without: 'const escape = (text: string): string => text' },
  { name: 'The host application changes nothing for another site', tests: ['test/host-app/pages'], file: 'host-app/same-origin.ts', text: 'if (isReading || (own', without: 'if (isReading || own !== null || (own' },
  { name: 'The host application shows and deletes the own company only', tests: ['test/host-app/pages'], file: 'host-app/records.ts', text: 'as row where company_id = $1 and id = $2`', without: 'as row where ($1::text is not null) and id = $2`' },
  { name: 'A file of the host application holds no formula', tests: ['test/host-app/pages'], file: 'host-app/csv.ts', text: 'escape_formulas: true', without: 'escape_formulas: false' },
  { name: 'The host application keeps no API key in clear', tests: ['test/host-app/api'], file: 'host-app/api-key.ts', text: `createHash('sha256').update(key).digest()`, without: 'Buffer.from(key)' },
  { name: 'Saved views are their owner\'s', tests: ['test/server/saved-views'], file: sql('screens/saved_view'), text: `     and viewer_id = nullif(pg_catalog.current_setting('audit.viewer_id', true), '')\n`, without: '' },
  { name: 'Saved views stay in their company', tests: ['test/server/saved-views'], file: sql('screens/saved_view'), text: `using (company_id = nullif(pg_catalog.current_setting('audit.company_id', true), '')`, without: 'using (true' },
  { name: 'Saved views are limited', tests: ['test/server/saved-views'], file: sql('screens/saved_view'), text: 'most    constant integer := 50;', without: 'most    constant integer := 5000;' },
  { name: 'Saved views are only for who may read', tests: ['test/server/saved-views'], file: 'server/saved-views.ts', text: `if (access !== 'granted') throw refusedAccess(access, contact)`, without: '' },
  { name: 'No other site changes saved views', tests: ['test/server/saved-views'], file: 'server/saved-views.ts', text: '  router.use(refuseForeign())\n', without: '' },
  { name: 'The recording is told to nobody who may not read', tests: ['test/server/recording'], file: sql('screens/recording'), text: 'if not audit_private.viewer_is_granted() then', without: 'if false then' },
  { name: 'A sign-in leads to no other site', tests: ['test/server/session'], file: 'server/session.ts', text: String.raw`.regex(/^(\/[a-z0-9-]{1,30})?(\?[^\s#\\]*)?$/i)`, without: '' },
  { name: 'Part of a file is never saved as a whole', tests: ['test/admin-ui/download'], file: 'admin-ui/src/export/download.ts', text: 'if (isText && receipt === null) {', without: `if (isText && file.size < 0) {` },
  { name: 'The screens refuse a filter that they do not know', tests: ['test/admin-ui/documents'], file: 'admin-ui/src/data-provider.ts', text: 'if (!Object.hasOwn(filterKeys, key)) {', without: `if (key === '') {` },
  { name: 'The screens take no refusal for an empty list', tests: ['test/admin-ui/documents'], file: 'admin-ui/src/data-provider.ts', text: `if (access === 'granted') return\n`, without: 'if (accesses.includes(access)) return\n' },
  { name: 'A row that is copied runs as no formula', tests: ['test/admin-ui/sentences'], file: 'admin-ui/src/event/copy-as.ts', text: String.raw`/^[=+\-@\t\r\n＝＋－＠]/.test(text)`, without: `text === '='` },
  { name: 'The columns that no copy has are named to readers only', tests: ['test/server/recording'], file: 'db/migrations/fixtures/screens/recording.sql', text: 'select case when audit_private.viewer_is_granted() then', without: 'select case when true then' },
  { name: 'The screens show what would turn a name around', tests: ['test/admin-ui/text'], file: 'admin-ui/src/text/visible.ts', text: String.raw`/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu`, without: String.raw`/[\p{Cc}\p{Zl}\p{Zp}]/gu` },
  { name: 'A search on the screens is taken literally', tests: ['test/admin-ui/text'], file: 'admin-ui/src/event/split-by-hits.ts', text: String.raw`.map((word) => word.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))`, without: '' },
  { name: 'A test file whose set-up throws fails', tests: ['test/harness/runner'], file: 'test/harness/watched-uvu.ts', text: `if (hook !== 'after') throw error`, without: '' },
  { name: 'A suite that is never run fails', tests: ['test/harness/runner'], file: 'test/harness/run-file.ts', text: 'if (!suite.isRun && suite.tests > 0) fail(', without: 'if (false) fail(' },
  { name: 'A file without tests fails', tests: ['test/harness/runner'], file: 'test/harness/run-file.ts', text: 'if (report.passed + report.failed === 0) fail(', without: 'if (false) fail(' },
  { name: 'A suite that runs only some tests fails', tests: ['test/harness/runner'], file: 'test/harness/run-file.ts', text: 'if (suite.hasOnly) fail(', without: 'if (false) fail(' },
  { name: 'A test process that ends early fails', tests: ['test/harness/runner'], file: 'test/run.ts', text: 'const failed = report ?? { passed: 0, failed: 1,', without: 'const failed = report ?? { passed: 1, failed: 0,' },
]

export const guards: readonly Guard[] = [...rights, ...againstOwners, ...appendOnly, ...recording, ...attaching, ...acting, ...exporting, ...dividing, ...health, ...signingIn, ...serving, ...operating, ...besides]
