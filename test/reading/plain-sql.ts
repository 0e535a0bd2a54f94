import pg from 'pg'
import type { EventFilter } from '../../server/event-filter.ts'

/*
 * What a filter means, written from docs/administrator.md and docs/dba.md as plain SQL over a plain table, and not from the
 * code of the server: what both agree on is right, unless both are wrong.
 */

/**
 * A copy of the entries for its owner, without policy or index, with what a filter asks about worked out beforehand in the plainest way:
 * the names composed and in small letters, the entry that took one along, and the top of the act.
 */
export const plainTable = `
  set jit = off;
  create table plain as
  select e.*, lower(normalize(coalesce(e.object_label, ''), nfc) collate "und-x-icu") as object_name, lower(normalize(coalesce(e.owner_label, ''), nfc) collate "und-x-icu") as owner_name,
         lower(normalize(coalesce(e.actor_name, ''), nfc) collate "und-x-icu") as actor,
         coalesce(e.caused_by, case when e.action like '%.deleted' then (
           select min(p.id) from audit.event p
            where p.has_forerunners and p.transaction_id = e.transaction_id and p.id > e.id and p.object_kind = e.owner_kind and p.object_id = e.owner_id and p.action like '%.deleted') end) as cause
    from audit.event e where e.company_id in ('1', '2');
  create table plain_act as
  with recursive up as (select id, id as top, cause from plain union all select up.id, p.id, p.cause from up join plain p on p.id = up.cause)
  select id, top from up where cause is null;
  grant select on plain, plain_act to audit_owner`

const text = (value: string): string => pg.escapeLiteral(value)
const list = (values: readonly string[]): string => values.map(text).join(', ')

/** The filter as the condition of a query over `plain`; it is never null. */
export function plainCondition(filter: EventFilter, zone: string): string {
  const conditions = ['true']
  const add = <Value>(value: Value | null | undefined, write: (value: Value) => string): void => {
    if (value !== null && value !== undefined) conditions.push(`coalesce(${write(value)}, false)`)
  }
  add(filter.actions, (values) => `action in (${list(values)})`)
  add(filter.notActions, (values) => `action not in (${list(values)})`)
  add(filter.sources, (values) => `source in (${list(values)})`)
  add(filter.notSources, (values) => `source not in (${list(values)})`)
  add(filter.from, (value) => `occurred_at >= ${text(value)}::timestamptz`)
  add(filter.to, (value) => `occurred_at < ${text(value)}::timestamptz`)
  const days = filter.timeZone ?? zone
  add(filter.fromDay, (value) => `(occurred_at at time zone ${text(days)})::date >= ${text(value)}::date`)
  add(filter.toDay, (value) => `(occurred_at at time zone ${text(days)})::date <= ${text(value)}::date`)
  add(filter.actorId, (value) => `actor_id = ${text(value)}`)
  add(filter.objectKind, (value) => `object_kind = ${text(value)}`)
  add(filter.objectId, (value) => `object_id = ${text(value)}`)
  add(filter.ownerKind, (value) => `owner_kind = ${text(value)}`)
  add(filter.ownerId, (value) => `owner_id = ${text(value)}`)
  add(filter.requestId, (value) => `request_id = ${text(value)}`)
  add(filter.act, (value) => `plain.id in (select id from plain_act where top = ${text(value)}::bigint)`)
  if (filter.rootsOnly) conditions.push('cause is null')
  for (const { term, isWanted } of termsOf(filter.query ?? '')) conditions.push(`${isWanted ? '' : 'not '}${isIn(term)}`)
  return conditions.join(' and ')
}

function isIn(term: string): string {
  const folded = `lower(normalize(${text(term)}, nfc) collate "und-x-icu")`
  return `(strpos(object_name, ${folded}) > 0 or strpos(owner_name, ${folded}) > 0 or strpos(actor, ${folded}) > 0)`
}

/** Words and "phrases"; a minus before one means that it must not occur. Spaces of every kind part words, and are themselves in a phrase. Read character by character. */
export function termsOf(query: string): { term: string; isWanted: boolean }[] {
  const terms: { term: string; isWanted: boolean }[] = []
  let rest = query
  while (rest !== '') {
    if (/^[\s\u0085]/u.test(rest)) {
      rest = rest.slice(1)
      continue
    }
    const isUnwanted = rest.startsWith('-"') || (rest.startsWith('-') && /^-[^\s\u0085]/u.test(rest))
    if (isUnwanted) rest = rest.slice(1)
    const end = rest.startsWith('"') && (isUnwanted || !rest.startsWith('-')) ? rest.indexOf('"', 1) : -1
    const isPhrase = rest.startsWith('"')
    const word = isPhrase ? rest.slice(1, end < 0 ? undefined : end).replace(/^[\s\u0085]+|[\s\u0085]+$/gu, '') : /^[^\s\u0085]+/u.exec(rest)?.[0] ?? ''
    rest = isPhrase ? (end < 0 ? '' : rest.slice(end + 1)) : rest.slice(word.length)
    if (word !== '') terms.push({ term: word, isWanted: !isUnwanted })
  }
  return terms
}
