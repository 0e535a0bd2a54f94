import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { daysOf, type Preset, periodAround, periodFaults, periodToInstants, readPeriod, writePeriod } from '../../admin-ui/src/filter/period.ts'
import { bucketInWords, periodOf } from '../../admin-ui/src/histogram/bucket-in-words.ts'
import { formatTick } from '../../admin-ui/src/time/format.ts'
import { addDays, dayOf, firstInstantOf, isDay } from '../../admin-ui/src/time/day.ts'

const it = suite('The period of the list')
const zone = 'Europe/Stockholm'
const days = (firstDay: string | null, lastDay: string | null) => ({ preset: null, firstDay, lastDay })
const hours = ({ from = '', to = '' }) => (Date.parse(to) - Date.parse(from)) / 3_600_000

it('includes its last day: it ends where the next day begins in the zone [case 193]', () => {
  assert.equal(periodToInstants(days('2026-01-10', '2026-01-12'), zone, '2026-11-23'), {
    from: '2026-01-09T23:00:00.000Z',
    to: '2026-01-12T23:00:00.000Z',
  })
})

it('has 23 hours on the day when summer time begins and 25 when it ends [case 193]', () => {
  assert.is(hours(periodToInstants(days('2026-03-29', '2026-03-29'), zone, '2026-11-23')), 23)
  assert.is(hours(periodToInstants(days('2026-10-25', '2026-10-25'), zone, '2026-11-23')), 25)
  assert.is(hours(periodToInstants(days('2026-10-26', '2026-10-26'), zone, '2026-11-23')), 24)
})

it('begins with the first instant of a day that has no midnight', () => {
  assert.is(firstInstantOf('2018-11-04', 'America/Sao_Paulo').toISOString(), '2018-11-04T03:00:00.000Z')
  assert.is(firstInstantOf('2026-04-24', 'Africa/Cairo').toISOString(), '2026-04-23T22:00:00.000Z')
})

it('begins with the next day where a zone skipped the day', () => {
  assert.is(
    firstInstantOf('2011-12-30', 'Pacific/Apia').toISOString(),
    firstInstantOf('2011-12-31', 'Pacific/Apia').toISOString(),
  )
})

it('finds the beginning of every day of a year in zones at both ends of the world', () => {
  for (const far of [
    'Pacific/Kiritimati',
    'Etc/GMT+12',
    'America/St_Johns',
    'Asia/Kathmandu',
    'Australia/Lord_Howe',
    'UTC',
  ]) {
    for (let day = '2026-01-01'; day < '2027-01-01'; day = addDays(day, 1)) {
      const first = firstInstantOf(day, far)
      assert.is(dayOf(first, far), day, `${far} ${day}`)
      assert.is(dayOf(new Date(first.getTime() - 1), far), addDays(day, -1), `${far} before ${day}`)
    }
  }
})

it('with a name counts back from today, which it includes, and goes on until now', () => {
  const of = (preset: Preset) => periodToInstants({ preset }, 'UTC', '2026-03-03')
  assert.equal(of('today'), { from: '2026-03-03T00:00:00.000Z' })
  assert.equal(of('7d'), { from: '2026-02-25T00:00:00.000Z' })
  assert.equal(of('30d'), { from: '2026-02-02T00:00:00.000Z' })
  assert.equal(of('90d'), { from: '2025-12-04T00:00:00.000Z' })
  assert.equal(of('year'), { from: '2026-01-01T00:00:00.000Z' })
})

it('with a name may be over: then it ends with its last day', () => {
  const of = (preset: Preset, today: string) => {
    const { firstDay, lastDay } = daysOf(preset, today)
    return [firstDay, lastDay]
  }
  assert.equal(of('yesterday', '2026-03-01'), ['2026-02-28', '2026-02-28'])
  assert.equal(of('last-month', '2026-01-31'), ['2025-12-01', '2025-12-31'])
  assert.equal(of('last-month', '2028-03-15'), ['2028-02-01', '2028-02-29'])
  assert.equal(of('last-quarter', '2026-02-03'), ['2025-10-01', '2025-12-31'])
  assert.equal(of('last-quarter', '2026-06-30'), ['2026-01-01', '2026-03-31'])
  assert.equal(of('last-year', '2026-11-23'), ['2025-01-01', '2025-12-31'])
  assert.equal(periodToInstants({ preset: 'yesterday' }, zone, '2026-10-26'), { from: '2026-10-24T22:00:00.000Z', to: '2026-10-25T23:00:00.000Z' })
  assert.equal(periodToInstants({ preset: 'today' }, 'UTC', '2026-10-26'), { from: '2026-10-26T00:00:00.000Z' }, 'today goes on')
})

it('may have only one end; the ends of time bound nothing [case 195]', () => {
  assert.equal(periodToInstants(days('2026-01-10', null), 'UTC', '2026-11-23'), { from: '2026-01-10T00:00:00.000Z' })
  assert.equal(periodToInstants(days(null, '2026-01-10'), 'UTC', '2026-11-23'), { to: '2026-01-11T00:00:00.000Z' })
  assert.equal(periodToInstants(days('0001-01-01', '9999-12-31'), zone, '2026-11-23'), {})
  assert.equal(periodToInstants(null, zone, '2026-11-23'), {})
})

it('is read from the address as it was written there', () => {
  for (const period of [{ preset: '7d' as const }, days('2026-01-10', '2026-01-12'), days(null, '2026-01-12'), null]) {
    const address = new URLSearchParams('period=year&from=2000-01-01&q=x')
    writePeriod(period, address)
    assert.equal(readPeriod(address), period)
    assert.is(address.get('q'), 'x')
  }
})

it('leaves out days that do not exist [case 195]', () => {
  assert.equal(['2026-02-30', '2026-02-28', 'infinity', '26-1-1', '', '2028-02-29'].filter(isDay), [
    '2026-02-28',
    '2028-02-29',
  ])
  assert.is(readPeriod(new URLSearchParams('from=2026-02-30&period=never')), null)
})

it('can be two instants, as a stretch of the histogram gives them, and goes through the address as it is', () => {
  const period = { preset: 'instants', from: '2026-11-23T13:00:00.000Z', to: '2026-11-23T14:00:00.000Z' } as const
  const address = new URLSearchParams()
  writePeriod(period, address)
  assert.equal(readPeriod(address), period)
  assert.equal(periodToInstants(period, zone, '2026-11-23'), { from: period.from, to: period.to })
  assert.equal(periodFaults(address), [])
  for (const wrong of ['from=2026-11-23T14:00:00Z&to=2026-11-23T13:00:00Z', 'from=2026-11-23T13:00:00Z', 'from=2026-13-01T00:00:00Z&to=2026-12-01', 'from=2026-02-30T00:00:00Z&to=2026-03-05T00:00:00Z']) {
    assert.ok(periodFaults(new URLSearchParams(wrong)).length > 0, wrong)
  }
  assert.equal(periodAround('9999-12-31T23:59:59.999999Z', 60_000), { preset: 'instants', from: '9999-12-31T23:58:59.999Z', to: '9999-12-31T23:59:59.999Z' })
  assert.equal(periodAround('2026-11-23T13:00:00.5Z', 300_000), { preset: 'instants', from: '2026-11-23T12:55:00.500Z', to: '2026-11-23T13:05:00.500Z' })
})

it('names the day below the first hour of each day, so that 03:00 is of some day', () => {
  const tick = (at: string, before: string | null) => formatTick(new Date(at), before === null ? null : new Date(before), 'hour', 'en', zone)
  assert.is(tick('2026-11-30T02:00:00Z', null), '30 Nov, 03:00')
  assert.is(tick('2026-11-30T05:00:00Z', '2026-11-30T02:00:00Z'), '06:00')
  assert.is(tick('2026-11-30T23:00:00Z', '2026-11-30T20:00:00Z'), '1 Dec, 00:00')
})

it('is whole days where a stretch of the histogram is that in the zone, and instants where it is not', () => {
  const bucket = (from: string, to: string) => ({ from, to, deletions: 1, exports: 0, others: 0 })
  const monday = bucket('2026-11-22T23:00:00Z', '2026-11-23T23:00:00Z')
  const tuesday = bucket('2026-11-23T23:00:00Z', '2026-11-24T23:00:00Z')
  assert.equal(periodOf(monday, tuesday, zone), days('2026-11-23', '2026-11-24'))
  assert.equal(periodOf(monday, monday, 'UTC'), { preset: 'instants', from: '2026-11-22T23:00:00.000Z', to: '2026-11-23T23:00:00.000Z' })
  assert.is(bucketInWords(monday, 'day', 'en', zone), '23 Nov 2026')
  assert.is(bucketInWords(bucket('2026-11-22T23:00:00Z', '2026-11-29T23:00:00Z'), 'week', 'en', zone).replaceAll(/\s/g, ' '), '23 – 29 Nov 2026')
  assert.is(bucketInWords(bucket('2026-10-31T23:00:00Z', '2026-11-30T23:00:00Z'), 'month', 'sv', zone), 'november 2026')
})

it('ends with the year 9999, whatever the histogram says, and a stretch that has no time is named as it came', () => {
  const last = { from: '9999-12-30T23:00:00Z', to: '10000-01-02T23:00:00Z' }
  assert.equal(periodOf(last, last, zone), days('9999-12-31', '9999-12-31'))
  assert.equal(periodOf({ ...last, from: '9999-12-31T23:00:00Z' }, last, zone), days('9999-12-31', '9999-12-31'))
  assert.is(bucketInWords({ from: '9999-11-30T23:00:00Z', to: '10000-01-31T23:00:00Z' }, 'month', 'en', zone).replaceAll(/\s/g, ' '), 'December 9999 – January 10000')
  assert.is(bucketInWords({ from: '9999-12-31T23:00:00Z', to: 'infinity' }, 'month', 'en', zone), '9999-12-31T23:00:00Z – infinity')
})

it.run()
