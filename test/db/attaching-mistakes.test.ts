import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

/* What audit.track was given, and what would have been recorded for years before anybody noticed. */
const it = suite('Mistakes in attaching')
let db: TestDatabase

it.before(async () => {
  db = await makeTestDatabase('migrated')
  await db.run(`
    create table account (id int primary key, email text); create table person (id int primary key, account_id int unique references account on delete cascade, company text);
    create table document (id int primary key, account_id int references account on delete cascade, title text, passport text, is_active boolean not null default true, gone char(1) default 'N',
      is_deleted boolean not null default false, deleted_at timestamptz, erased_at timestamptz default null);
    create table address (account_id int primary key references account on delete cascade, company text, street text)`)
})
it.after(() => db.drop())

/** How audit.track refuses settings. */
async function mistaken(settings: string): Promise<{ message: string; detail?: string | undefined; hint?: string | undefined }> {
  const { message, detail, hint } = await refused(db.superuser.query(`select audit.track(${settings})`), 'AU002')
  return { message, detail, hint }
}
const kindsOf = async (): Promise<string[]> => (await db.superuser.query<{ kind: string }>('select kind from audit.tracked_table order by kind')).rows.map(({ kind }) => kind)

it('refuses a label that names no column, and says how it is written', async () => {
  assert.equal(await mistaken(`'document', 'document', 'title'`), {
    message: 'audit.track: the label names no column', detail: `label is 'title': every row of public.document would be called so.`,
    hint: `Write the column in braces: '{title}'. To call rows by their key: '#{}'.`,
  })
  assert.match((await mistaken(`'document', 'document', 'Document'`)).hint ?? '', /^Write each column in braces, for example/)
  assert.equal(await kindsOf(), [])
})

for (const [column, detail] of [
  ['is_active', 'It is boolean with the default true: a new row has it set from the start.'],
  ['gone', `It is character(1) with the default 'N'::bpchar: a new row has it set from the start.`],
] as const) {
  it(`refuses to take ${column} for the mark of a deletion, which every new row bears`, async () => {
    assert.equal(await mistaken(`'document', 'document', '{title}', soft_delete => '${column}'`), {
      message: `audit.track: column ${column} of public.document cannot mark a row as deleted`, detail,
      hint: 'Name a column that is null, or a boolean that is false, until the row is deleted, such as deleted_at or is_deleted.',
    })
  })
}

it('takes a boolean that is false, and a column that is null, by default or without one', async () => {
  for (const column of ['is_deleted', 'deleted_at', 'erased_at']) await db.run(`begin; select audit.track('document', 'document', '{title}', soft_delete => '${column}'); rollback`)
})

it('refuses a path over a table that points back by another column: it would find the row of somebody else', async () => {
  for (const [settings, from] of [[`'account', 'user', '{email}', company => 'id->public.person.company'`, 'id of public.account'], [`'document', 'document', '{title}', company => 'account_id->public.person.company'`, 'account_id of public.document']] as const) {
    assert.equal(await mistaken(settings), {
      message: `audit.track: the path in company compares ${from} with id of public.person, which is another number`,
      detail: 'public.person points back by its column account_id. A path finds a table by its key only, and would find the row of somebody else.',
      hint: 'Leave company out, and give company_id to audit.act_as where the row is deleted; or keep the company in the table itself.',
    })
  }
  assert.match((await mistaken(`'document', 'document', '{title}', owner => 'account_id->public.person'`)).hint ?? '', /^Name another owner, for example the table to which account_id leads/)
})

it('takes such a path where the key of that table is the column that points back', async () => {
  await db.run(`
    begin; select audit.track('document', 'document', '{title}', company => 'account_id->public.address.company');
    insert into account values (1), (2); insert into address values (2, 'two', 'Storgatan'); insert into document (id, account_id, title) values (1, 2, 'CV'); delete from document; commit`)
  const { rows } = await db.superuser.query(`select company_id from audit.event where action = 'document.deleted'`)
  assert.equal(rows, [{ company_id: 'two' }])
  await db.run(`select audit.untrack('document')`)
})

it('warns where a table that is tracked gets another kind, or a masked column is kept again', async () => {
  const warned = async (settings: string): Promise<unknown[]> => {
    const warnings: unknown[] = []
    const listen = ({ severity, message, detail }: { severity?: string | undefined; message?: string | undefined; detail?: string | undefined }): void => void (severity === 'WARNING' && warnings.push({ message, detail }))
    db.superuser.on('notice', listen)
    await db.superuser.query(`select audit.track('document', ${settings})`)
    db.superuser.off('notice', listen)
    return warnings
  }
  assert.equal(await warned(`'document', '{title}', mask => '{passport}'`), [])
  assert.equal(await warned(`'document', '{title} of {account_id}', mask => '{passport,gone}'`), [])
  assert.equal(await warned(`'contact', '{title}', mask => '{passport,gone}'`), [{
    message: `audit.track: public.document was tracked as 'document' before, with passport, gone masked, and is 'contact' now`, detail: 'A table has one kind: from now on each of its rows is called so.',
  }])
  assert.equal(await warned(`'contact', '{title}', mask => '{gone}'`), [{
    message: `audit.track: public.document was tracked as 'contact' before, with passport, gone masked, and is 'contact' now`, detail: 'These columns are kept again: passport.',
  }])
})

it('answers with the names of tables, to be compared with what was meant', async () => {
  await db.run(`select audit.track('account', 'user', '{email}')`)
  const { rows: [answer] } = await db.superuser.query<{ said: Record<string, unknown> }>(`select audit.track('document', 'contact', '{title}', owner => 'account_id', mask => '{gone}') as said`)
  assert.equal(answer?.said['owner'], { hops: [{ via: 'account_id', keys: ['id'], table: 'public.account', columns: ['account_id'], is_named: false }] })
  assert.equal(answer?.said['causes'], [{ keys: ['id'], table: 'public.account', columns: ['account_id'] }])
})

it.run()
