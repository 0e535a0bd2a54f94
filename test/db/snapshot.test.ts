import { createHash } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const it = suite('What is kept of a deleted row')
let database: TestDatabase

it.before(async () => {
  database = await makeTestDatabase()
  await run(`
    create table public.kept (id int primary key, name text, words text, bytes bytea, doc json, tree jsonb, list text[], numbers float8[], amount numeric, fast float8, day date, at timestamptz, span interval, note varchar, fixed char(4), secret text);
    select audit.track('public.kept', 'kept', '{name}', mask => '{secret}')`)
})
it.after(() => database.drop())

const run = async (text: string, values: readonly unknown[] = []): Promise<void> => {
  try {
    await database.superuser.query(text, values.length === 0 ? undefined : [...values])
  } catch (error) {
    await database.superuser.query('rollback; reset all')
    throw error
  }
}
async function rowsOf<Row extends object>(query: string, values: readonly unknown[] = []): Promise<Row[]> {
  return (await database.superuser.query<Row>(query, [...values])).rows
}
const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex')
let next = 0
/** Inserts a row with these columns given as SQL, deletes it. @returns one column of its snapshot. */
async function keptOf(columns: Readonly<Record<string, string>>, column: string): Promise<unknown> {
  next += 1
  await run(`insert into public.kept (id, ${Object.keys(columns).join(', ')}) values (${next}, ${Object.values(columns).join(', ')})`)
  await run(`delete from public.kept where id = ${next}`)
  return (await rowsOf<{ kept: unknown }>(`select snapshot -> $2 as kept from audit.event where object_kind = 'kept' and object_id = $1`, [String(next), column]))[0]?.kept
}

it('keeps json that jsonb refuses as text, with the reason, and deletes the row [case 78]', async () => {
  assert.equal(await keptOf({ doc: `'{"a": "x\\u0000y"}'` }, 'doc'), { _snapshot_error: '22P05', text: '{"a": "x\\u0000y"}' })
  assert.equal(await keptOf({ doc: `'{"n": 1e1000000}'` }, 'doc'), { _snapshot_error: '22003', text: '{"n": 1e1000000}' })
  assert.equal(await keptOf({ doc: `'{"b": 1, "a": [true, null]}'` }, 'doc'), { a: [true, null], b: 1 })
  assert.is(JSON.stringify(await keptOf({ doc: `(repeat('[', 1000) || repeat(']', 1000))::json` }, 'doc')), `${'['.repeat(1000)}${']'.repeat(1000)}`)
})

it('keeps numbers and dates at the end of their range', async () => {
  assert.equal(await keptOf({ amount: `'NaN'`, fast: `'-Infinity'`, day: `'infinity'`, at: `'-infinity'`, numbers: `'{NaN,Infinity,1e-300}'` }, 'numbers'), ['NaN', 'Infinity', 1e-300])
  assert.equal(await rowsOf(`select snapshot - array['numbers', 'id'] as rest from audit.event where object_kind = 'kept' and object_id = $1`, [String(next)]), [{
    rest: {
      name: null, words: null, bytes: null, doc: null, tree: null, list: null, amount: 'NaN', fast: '-Infinity', day: 'infinity', at: '-infinity', span: null, note: null, fixed: null,
    },
  }])
  assert.is(await keptOf({ day: `'4713-01-01 BC'` }, 'day'), '4713-01-01 BC')
  assert.is(await keptOf({ at: `'294276-12-31 23:59:59.999999+00'` }, 'at'), '294276-12-31T23:59:59.999999+00:00')
  assert.is(await keptOf({ amount: `repeat('9', 30)::numeric` }, 'amount'), 1e30)
  assert.is(await keptOf({ span: `'-178000000 years'` }, 'span'), '-178000000 years')
  assert.is(await keptOf({ fixed: `'ab'` }, 'fixed'), 'ab  ')
})

it('keeps small bytes as they are and of large ones the size and the hash', async () => {
  assert.is(await keptOf({ bytes: `'\\x00ff'` }, 'bytes'), '\\x00ff')
  assert.is(await keptOf({ bytes: `convert_to(repeat('b', 1000), 'UTF8')` }, 'bytes'), `[1000 bytes, sha256 ${sha256('b'.repeat(1000))}]`)
})

it('keeps of a long text its beginning, its size and the hash of the whole [case 80]', async () => {
  assert.is(await keptOf({ words: `repeat('å', 200000)` }, 'words'), `${'å'.repeat(1000)}… [cut: 400000 bytes, sha256 ${sha256('å'.repeat(200_000))}]`)
})

it('deletes rows with 20 MB of text and of bytes, marked as cut [case 79]', async () => {
  const size = 20 * 1024 * 1024
  const kept = await keptOf({ name: `repeat('n', ${size})`, words: `repeat('x', ${size})`, note: `repeat('y', ${size})`, bytes: `decode(repeat('00', ${size}), 'hex')`, list: `array[repeat('z', ${size})]`,
    doc: `to_json(repeat('d', ${size}))`, tree: `to_jsonb(repeat('e', ${size}))` }, 'words')
  assert.is(kept, `${'x'.repeat(1000)}… [cut: ${size} bytes, sha256 ${sha256('x'.repeat(size))}]`)
  const [row] = await rowsOf<{ size: number; label: string; snapshot: Record<string, unknown> }>(
    `select octet_length(snapshot::text) as size, object_label as label, snapshot from audit.event where object_kind = 'kept' and object_id = $1`, [String(next)])
  assert.is(row?.label, `${'n'.repeat(499)}…`)
  assert.ok((row?.size ?? Infinity) < 66_000, `The snapshot has ${row?.size} bytes.`)
  assert.is(row?.snapshot['bytes'], `[${size} bytes, sha256 ${sha256(Buffer.alloc(size))}]`)
})

it('deletes a row with 270 MB of text and 140 MB of bytes, marked as cut [case 79]', async () => {
  const kept = await keptOf({ words: `repeat('x', ${270 * 1024 * 1024})`, bytes: `convert_to(repeat('b', ${140 * 1024 * 1024}), 'UTF8')` }, 'words')
  assert.is(kept, `${'x'.repeat(1000)}… [cut: ${270 * 1024 * 1024} bytes]`)
})

it('keeps a snapshot within 64 KiB, however well its columns are compressed and however many there are [case 80]', async () => {
  const columns = Array.from({ length: 200 }, (_, n) => `w${n}`)
  await run(`
    create table public.wide (id int primary key, ${columns.map((col) => `${col} text`).join(', ')}, tree jsonb, list int[]);
    select audit.track('public.wide', 'wide', '{id}');
    insert into public.wide (id, ${columns.join(', ')}, tree, list) select 1, ${columns.map(() => `repeat('w', 1500)`).join(', ')}, (select jsonb_object_agg('key' || n, repeat('v', 50)) from generate_series(1, 2000) n), array_fill(7, array[20000]);
    insert into public.wide (id, tree) select 2, to_jsonb(repeat('v', 3000000));
    insert into public.wide (id, list) select 3, array_fill(7, array[1000000]);
    delete from public.wide`)
  const sizes = await rowsOf<{ size: number }>(`select octet_length(snapshot::text) as size from audit.event where object_kind = 'wide' order by object_id`)
  for (const { size } of sizes) assert.ok(size <= 80_000, `A snapshot has ${size} bytes.`)
  assert.is(sizes.length, 3)
})

it('keeps short columns of a wide table whole', async () => {
  await run(`insert into public.wide (id, w0, w1, tree, list) values (4, repeat('a', 300), 'b', '{"a": [1]}', '{1,2}'); delete from public.wide`)
  assert.equal(await rowsOf(`select snapshot -> 'w0' as w0, snapshot -> 'w1' as w1, snapshot -> 'tree' as tree, snapshot -> 'list' as list from audit.event where object_kind = 'wide' and object_id = '4'`),
    [{ w0: 'a'.repeat(300), w1: 'b', tree: { a: [1] }, list: [1, 2] }])
})

it('keeps masked columns nowhere: not in an entry, a table of the log, or an error [case 235]', async () => {
  const canary = 'canary-7f3a'
  await run(`insert into public.kept (id, name, secret) values (900001, 'soft', '${canary}'), (900002, 'hard', '${canary}'); delete from public.kept where id = 900001; truncate public.kept`)
  await run(`update app."user" set password_hash = '${canary}' where id = 21; delete from app."user" where id = 21`)
  const tables = await rowsOf<{ name: string }>(`select c.oid::regclass::text as name from pg_class c where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace) and c.relkind in ('r', 'p')`)
  for (const { name } of tables) assert.equal(await rowsOf(`select t.* from ${name} t where t::text like '%${canary}%'`), [], name)
  assert.is((await rowsOf(`select from audit.event where object_id in ('900001', '900002', '21') and snapshot is not null`)).length, 3)
})

it('writes to the log, not to temporary tables, types and functions of the same names [case 8]', async () => {
  const client = await database.as('consultant_app')
  await client.query(`
    create temp table event (like app.cv); create temp table tracked (id int); create temp table bound_source (login text, source text); create temp table old_rows (id int);
    create temp view released as select 1; create type pg_temp.context as (a int);
    create function pg_temp.read_context() returns text language plpgsql as $$ begin raise exception 'called'; end $$;
    create function pg_temp.keep_label(text, text) returns text language plpgsql as $$ begin raise exception 'called'; end $$;
    set search_path = pg_temp, audit, audit_private, app, pg_catalog;
    insert into app.cv (user_id, title) values (22, 'temp');
    create type pg_temp.text as enum ('trap'); create type pg_temp.jsonb as enum ('trap'); create type pg_temp.regclass as enum ('trap');
    delete from app.cv where title operator(pg_catalog.=) 'temp'`)
  assert.equal(await rowsOf(`select object_label, db_user from audit.event where object_label = 'temp'`), [{ object_label: 'temp', db_user: 'consultant_app' }])
})

it('calls no function, operator or type of a schema that stands first in the search path [case 9]', async () => {
  await run(`create schema trap; grant all on schema trap to consultant_app`)
  const client = await database.as('consultant_app')
  const functions = [
    'format(text, variadic "any")', 'concat(variadic "any")', 'now()', 'clock_timestamp()', 'pg_current_xact_id()', 'set_config(text, text, boolean)', 'current_setting(text, boolean)', 'left(text, int)', 'octet_length(text)',
    'jsonb_build_object(variadic "any")', 'to_jsonb(anyelement)', 'nullif(text, text)', 'length(text)', 'sha256(bytea)', 'encode(bytea, text)', 'nextval(regclass)', 'inet_client_addr()', 'keep_label(text, text)', 'read_context()',
  ]
  for (const signature of functions.filter((one) => !one.includes('"any"'))) {
    await client.query(`create function trap.${signature} returns text language plpgsql as $$ begin raise exception 'trap'; end $$`).catch(() => undefined)
  }
  await client.query(`
    create function trap.concat(text) returns text language plpgsql as $$ begin raise exception 'trap'; end $$;
    create function trap.equal(text, text) returns boolean language plpgsql as $$ begin raise exception 'trap'; end $$;
    create function trap.equal(bigint, bigint) returns boolean language plpgsql as $$ begin raise exception 'trap'; end $$;
    create operator trap.= (leftarg = text, rightarg = text, function = trap.equal); create operator trap.= (leftarg = bigint, rightarg = bigint, function = trap.equal);
    create operator trap.> (leftarg = bigint, rightarg = bigint, function = trap.equal); create operator trap.|| (leftarg = text, rightarg = text, function = trap.concat2)`).catch(() => undefined)
  await client.query(`create type trap.text as enum ('trap'); create domain trap.jsonb as int; create domain trap.int8 as int; create domain trap.regclass as int`)
  const { rows } = await client.query<{ id: string }>(`insert into app.cv (user_id, title) values (22, 'trapped') returning id`)
  await client.query(`set search_path = trap, pg_catalog`)
  await client.query('begin')
  await client.query(`select audit.act_as('7', 'Anna')`)
  await client.query(`delete from app.cv where id operator(pg_catalog.=) $1`, [rows[0]?.id])
  await client.query(`select audit.record_export('customers', 3, 'csv', '{"q": 1}', '1')`)
  await client.query('commit')
  assert.equal(await rowsOf(`select action, actor_name from audit.event where object_label = 'trapped' or details ->> 'format' = 'csv' order by id`),
    [{ action: 'cv.deleted', actor_name: 'Anna' }, { action: 'customers.exported', actor_name: 'Anna' }])
})

it('leaves the same bytes under every setting of the session [case 89]', async () => {
  await run(`
    create table public.exact (at timestamptz primary key, day date, span interval, fast float8, bytes bytea, clock timetz, during tstzrange, back text);
    select audit.track('public.exact', 'exact', '{at} {day} {span} {fast} {back}', company => 'at')`)
  const row = `insert into public.exact values ('2026-03-29 01:30:00.5+00', '2026-03-04', '1 year 2 mons -3 days 04:05:06.7', 0.1::float8 + 0.2::float8, '\\x00ff5c', '12:00+02', '[2026-01-01 00:00+00,)', 'back' || chr(92) || 'slash')`
  const settings = [
    '', `set timezone = 'Asia/Kathmandu'`, `set timezone = '<weird>-13:37'`, `set datestyle = 'German, DMY'`, `set intervalstyle = 'iso_8601'`, 'set extra_float_digits = -10', `set bytea_output = 'escape'`,
    'set standard_conforming_strings = off; set escape_string_warning = off', 'set backslash_quote = off', `set search_path = ''`, 'set quote_all_identifiers = on', 'set transform_null_equals = on', `set client_encoding = 'LATIN1'`, `set lc_monetary = 'C'; set xmlbinary = 'hex'`,
    'set row_security = off', 'set enable_indexscan = off; set enable_hashjoin = off; set enable_seqscan = off', `set plan_cache_mode = 'force_generic_plan'`, 'set jit = on; set jit_above_cost = 0', 'set default_transaction_isolation = serializable', 'set array_nulls = off', 'set check_function_bodies = off',
  ]
  for (const setting of settings) await run(`set timezone = 'UTC'; ${row}; ${setting}; delete from public.exact`).then(() => run('reset all'))
  const entries = await rowsOf(`select distinct object_id, object_label, company_id, snapshot::text from audit.event where object_kind = 'exact'`)
  assert.equal(entries, [{
    object_id: '2026-03-29 01:30:00.5+00', object_label: '2026-03-29 01:30:00.5+00 2026-03-04 1 year 2 mons -3 days +04:05:06.7 0.30000000000000004 back\\slash', company_id: '2026-03-29 01:30:00.5+00',
    snapshot: `{"at": "2026-03-29T01:30:00.5+00:00", "day": "2026-03-04", "back": "back\\\\slash", "fast": 0.30000000000000004, "span": "1 year 2 mons -3 days +04:05:06.7", "bytes": "\\\\x00ff5c", "clock": "12:00:00+02", "during": "[\\"2026-01-01 00:00:00+00\\",)"}`,
  }])
  assert.is((await rowsOf(`select from audit.event where object_kind = 'exact'`)).length, settings.length)
})

it('reads and attaches as well under standard_conforming_strings = off', async () => {
  const client = await database.as('postgres')
  await client.query(`set standard_conforming_strings = off; set escape_string_warning = off;
    create table public.series (id int primary key, "s s" text); create table public.issue (id int primary key, series_id int references public.series, "a b" text, c int);
    select audit.track('public.series', 'series', '{s s}'), audit.track('public.issue', 'issue', '{a b}: {c}', company => 'series_id."s s"', owner => 'series_id');
    insert into public.series values (1, 's'); insert into public.issue values (1, 1, 'x', 2); delete from public.issue`)
  const { rows } = await client.query(`select audit.sentence(e) as said, e.company_id from audit.event e where object_kind = 'issue'`)
  assert.equal(rows, [{ said: 'Database login postgres: deleted issue x: 2 (s)', company_id: 's' }])
})

it('falls back to the key for a label that is null, empty or blank, and cuts a long one [case 85]', async () => {
  const labels = ['null', `''`, `'   '`, `E' \\t\\r\\n '`, `E'\\u00a0\\u200b'`, `repeat(' ', 10000000)`, `repeat(E'\\u00a0', 600)`, `repeat('x', 500)`, `repeat('y', 501)`, `repeat('å', 10000000)`, `'  trimmed  '`, `repeat(' ', 600) || 'far'`]
  await run(`
    create table public.titled (id int primary key, title text); select audit.track('public.titled', 'titled', '{title}');
    insert into public.titled values ${labels.map((label, n) => `(${n}, ${label})`).join(', ')}; delete from public.titled`)
  assert.equal((await rowsOf<{ object_label: string }>(`select object_label from audit.event where object_kind = 'titled' order by object_id::int`)).map((row) => row.object_label), [
    '#0', '#1', '#2', '#3', '#4', '#5', '#6', 'x'.repeat(500), `${'y'.repeat(499)}…`, `${'å'.repeat(499)}…`, 'trimmed', '#11',
  ])
})

it('records under session_replication_role = replica: deletes, truncates and soft deletes [case 19]', async () => {
  await run(`
    create table public.copy (id int primary key, gone boolean); select audit.track('public.copy', 'copy', '{id}', soft_delete => 'gone');
    insert into public.copy values (1), (2), (3);
    set session_replication_role = replica; delete from public.copy where id = 1; update public.copy set gone = true where id = 2; truncate public.copy; delete from app.cv where id = (select min(id) from app.cv); reset session_replication_role`)
  assert.equal(await rowsOf(`select object_id, details from audit.event where object_kind = 'copy' order by id`), [
    { object_id: '1', details: null }, { object_id: '2', details: { soft_delete: true } }, { object_id: '3', details: { statement: 'truncate' } }, { object_id: '2', details: { statement: 'truncate', was_soft_deleted: true } },
  ])
})

it('records as many rows as are deleted in one statement of a hundred thousand', async () => {
  await run(`create table public.many (id int primary key, name text); select audit.track('public.many', 'many', '{name}'); insert into public.many select n, 'n' || n from generate_series(1, 100000) n; delete from public.many`)
  assert.equal(await rowsOf(`select count(*)::int as entries, count(distinct object_id)::int as objects, count(distinct id)::int as ids, count(*) filter (where object_label = 'n' || object_id)::int as named from audit.event where object_kind = 'many'`),
    [{ entries: 100_000, objects: 100_000, ids: 100_000, named: 100_000 }])
})

it('an array of json that jsonb refuses does not keep a row from being deleted or truncated [case 78]', async () => {
  await run(`create domain public.documents as json[]; create table public.listed (id int primary key, js json[], d public.documents); select audit.track('public.listed', 'listed', '{id}')`)
  const bad = [String.raw`{"a":"\u0000"}`, '{"a":1e999999}', String.raw`"\ud800"`]
  for (const [id, text] of bad.entries()) {
    await run('insert into public.listed values ($1, array[$2::json], array[$2::json])', [id, text])
    if (id === 2) await run('truncate public.listed')
    else await run('delete from public.listed')
  }
  await run(`insert into public.listed values (9, array['{"a":1}'::json], null); delete from public.listed`)
  const rows = await rowsOf<{ js: unknown; d: unknown }>(`select snapshot -> 'js' as js, snapshot -> 'd' as d from audit.event where object_kind = 'listed' order by id`)
  assert.equal(rows.map(({ js }) => js), ['_snapshot_error:22P05', '_snapshot_error:22003', '_snapshot_error:22P02', [{ a: 1 }]])
  assert.equal(rows.map(({ d }) => String(d).slice(0, 16)), ['_snapshot_error:', '_snapshot_error:', '_snapshot_error:', 'null'])
})

it.run()
