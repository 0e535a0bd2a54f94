import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isNoDay } from '../../admin-ui/src/filter/day-field.ts'
import { leftOutOf, nameApart, peopleNamed } from '../../admin-ui/src/filter/people.ts'
import { readZone, writeZone } from '../../admin-ui/src/filter/zone-address.ts'
import { deviceZone, isZoneName } from '../../admin-ui/src/time/zone.ts'
import { ordinary } from './scenario.ts'

const it = suite('What is chosen in the filters')

it('is a day, or nothing; what a browser cannot make one of is neither', () => {
  const field = (value: string, badInput = false) => isNoDay({ value, validity: { badInput } })
  assert.equal([field(''), field('2026-02-28')], [false, false])
  assert.equal([field('', true), field('12026-01-01'), field('2026-02-31')], [true, true, true], '31 February has no value in a browser, and is no empty field')
})

const actor = (value: string, label: string | null) => ({ value, label, count: 1, isExact: true })
const people = [actor('7', 'Anna Ek'), actor('8', 'Anna Ek'), actor('9', 'Åsa\u202e Öberg'), actor('10', null), actor('', null)]

it('is a person by name, with the id where two have the same', () => {
  const named = (typed: string) => peopleNamed(people, typed, 'sv').map(({ name }) => name)
  assert.equal(named(''), ['Anna Ek (7)', 'Anna Ek (8)', 'Åsa⟨U+202E⟩ Öberg', '10'])
  assert.equal(named(' ANNA ek'), ['Anna Ek (7)', 'Anna Ek (8)'])
  assert.equal(named('(8)'), ['Anna Ek (8)'])
  assert.equal(named('nobody'), [])
  assert.is(nameApart('Anna Ek', '7', [{ id: '7', name: 'Anna Ek' }, { id: null, name: 'Anna Ek' }, { id: '8', name: 'Anna' }]), 'Anna Ek')
  assert.is(nameApart('Anna Ek', '7', [{ id: '8', name: 'Anna Ek' }]), 'Anna Ek (7)')
})

it('is nobody only where the server has named everybody', () => {
  const { facets } = ordinary()
  assert.is(leftOutOf(facets), null)
  assert.is(leftOutOf({ ...facets, actors: Array.from({ length: 100 }, (_, at) => actor(String(at), null)) }), 'less_active')
  assert.is(leftOutOf({ ...facets, isExact: false }), 'older')
})

const zones = { company: 'Europe/Stockholm', browser: 'Asia/Tokyo', utc: 'UTC' }
const [tokyo, sydney] = [zones, { ...zones, browser: 'Australia/Sydney' }]

it('is a zone by its name, so that a link means the same to everybody', () => {
  const link = writeZone('browser', tokyo, new URLSearchParams('q=x'))
  assert.is(link.toString(), 'q=x&zone=Asia%2FTokyo')
  assert.is(readZone(link, sydney), 'Asia/Tokyo')
  assert.is(writeZone('utc', tokyo, link).toString(), 'q=x&zone=utc')
  assert.is(writeZone('company', tokyo, link).toString(), 'q=x')
  assert.is(writeZone('browser', { ...zones, browser: 'UTC' }, link).toString(), 'q=x&zone=utc')
})

it('is a zone as older links say it too, and the company\u2019s where there is none', () => {
  const read = (query: string) => readZone(new URLSearchParams(query), sydney)
  assert.equal(['', 'zone=company', 'zone=utc', 'zone=browser', 'zone=mars', 'zone=%2B02:00'].map(read), [
    'Europe/Stockholm', 'Europe/Stockholm', 'UTC', 'Australia/Sydney', 'Europe/Stockholm', 'Europe/Stockholm',
  ])
})

it('is no offset: PostgreSQL would read one the other way round', () => {
  assert.equal(['Europe/Stockholm', 'UTC', 'America/Argentina/Buenos_Aires', '+02:00', '-0330', '', 'Etc/Unknown', 'mars'].filter(isZoneName), [
    'Europe/Stockholm', 'UTC', 'America/Argentina/Buenos_Aires',
  ])
  assert.equal(['+00:00', 'Etc/Unknown', 'Europe/Stockholm'].map((name) => deviceZone(name)), ['UTC', 'UTC', 'Europe/Stockholm'])
})

it.run()
