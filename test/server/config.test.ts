import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ConfigError, environment, readConfig } from '../../server/config.ts'

const it = suite('The configuration')

function problems(variables: Record<string, string>): readonly string[] {
  try {
    readConfig(variables)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  throw new Error('It was accepted.')
}

it('needs nothing, and is frozen', () => {
  const config = readConfig({ PORT: '', DATABASE_URL: '' })
  assert.equal([config.port, config.hostAppPort, config.databaseUrl, config.demo, config.listenAddress], [5050, 5051, null, true, '127.0.0.1'])
  assert.ok(Object.isFrozen(config))
})

it('has no demonstration on a given database unless asked for', () => {
  const DATABASE_URL = 'postgres://someone@db.example/app'
  assert.is(readConfig({ DATABASE_URL }).demo, false)
  assert.is(readConfig({ DATABASE_URL, DEMO: 'true' }).demo, true)
})

it('lists everything that is wrong at once, without repeating a secret [case 160]', () => {
  const found = problems({ PORT: 'x', DEMO: 'maybe', TOKEN_SECRET: 'only 31 bytes, which is too few', DATABASE_URL: 'mysql://root:hush@db/app', HOST_APP_ORIGINS: 'https://app.example/path' })
  assert.equal(found.map((line) => line.split(/[=:]/)[0]).sort(), ['DATABASE_URL', 'DEMO', 'HOST_APP_ORIGINS', 'PORT', 'TOKEN_SECRET'])
  assert.not.match(found.join('\n'), /hush|31 bytes/)
})

it('describes every variable', () => {
  for (const [name, variable] of Object.entries(environment.shape)) assert.ok(variable.description, name)
})

it.run()
