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

it('takes what is blank for not set, and never for zero or for a secret', () => {
  const config = readConfig({ PORT: ' ', TOKEN_SECRET: ' '.repeat(40), TRUST_PROXY: '\t', APPEARANCE_NAME: '  ', POOL_SIZE: '\n' })
  assert.equal([config.port, config.tokenSecret, config.trustProxy, config.appearance.name, config.poolSize], [5050, null, false, null, 10])
})

it('leads back to where people sign in, unless another page is named', () => {
  const home = (variables: Record<string, string>) => readConfig(variables).appearance.homeUrl
  assert.is(home({}), null)
  assert.is(home({ SIGN_IN_URL: 'https://app.example.com/audit-log?x=1' }), 'https://app.example.com')
  assert.is(home({ SIGN_IN_URL: 'https://app.example.com/audit-log', HOME_URL: 'https://app.example.com/company' }), 'https://app.example.com/company')
  assert.match(problems({ HOME_URL: 'javascript:alert(1)' })[0] ?? '', /^HOME_URL/)
})

it('refuses numbers, yes and no, and addresses that are not quite right', () => {
  const wrong = {
    PORT: ['-1', '65536', '50.5', '5050 5051', '5050,', 'NaN', 'Infinity', 'five', '0x50', '1e3', '0b11', '+80', '5050.0', '99999999999'], POOL_SIZE: ['0', '501', '1.5', '10x', '1e1', '0xa'], DEMO: ['yes', 'TRUE', '1', 'on'], LOG_LEVEL: ['verbose', 'WARN'],
    DATABASE_URL: ['localhost', 'localhost:5432/app', 'http://localhost/app', '//localhost/app', 'postgres', 'postgresq://localhost/app', 'jdbc:postgresql://localhost/app', 'host=localhost dbname=app'],
    TRUST_PROXY: ['yes', 'true', '*', '-1', 'nginx', '1.2.3', '::::', '10.0.0.0/33', '10.0.0.1,,', '999.1.1.1', '11', '99', '300', '3232235777', '0x7f.1', '10.0.0.1, 300', 'abc'], GRAPHQL_DOCUMENTS: ['none', 'Screens'], METRICS: ['on', 'everybody'], METRICS_ADDRESS: ['9464', '127.0.0.1', 'http://127.0.0.1:9464', '127.0.0.1:99999', '[::1]:65536'],
    TOKEN_JWKS_URL: ['http://keys.example', 'file:///etc/keys', 'keys.example', 'https://me:hush@keys.example/jwks', 'https://me@keys.example/jwks'],
    HOST_APP_ORIGINS: ['*', 'app.example.com', 'https://app.example.com/', 'https://*.example.com', 'https://app.example.com, https://*', 'ftp://app.example.com'], SESSION_HOURS: ['0', '721'],
    NODE_ENV: ['Production', 'PRODUCTION', 'prod', 'staging', ' production'], SIGN_IN_URL: ['https://me:hush@app.example.com/', 'javascript:alert(1)'], HOME_URL: ['https://me@app.example.com/'],
    APPEARANCE_NAME: ['\u200b', '\u202eLog', 'Log\u0007', 'Lo\ng', '\u3164', '\u2800', '\u200d', 'Audit\u2066Log', 'Log\u00ad'], EXPORT_STALL_SECONDS: ['3601'],
  }
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const found = problems({ [name]: value }).join('\n')
      assert.match(found, new RegExp(`^${name}\\b`), `${name}=${value}`)
      assert.not.match(found, /hush|[^\P{C}\n\u200d]/u, 'neither a password nor what a terminal would not show')
    }
  }
})

it('answers the documents of the screens only in production, and any elsewhere, unless it is said', () => {
  assert.equal([{}, { NODE_ENV: 'development' }, { NODE_ENV: 'production' }, { NODE_ENV: 'production', GRAPHQL_DOCUMENTS: 'any' }, { GRAPHQL_DOCUMENTS: 'screens' }].map((variables) => readConfig(variables).graphqlDocuments),
    ['any', 'any', 'screens', 'any', 'screens'])
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

it('wants exactly one key for an algorithm with public keys, and none for HS256', () => {
  assert.equal(problems({ TOKEN_ALGORITHM: 'ES256' }), ['TOKEN_ALGORITHM=ES256: needs exactly one of TOKEN_KEY_FILE, TOKEN_JWKS_FILE and TOKEN_JWKS_URL'])
  assert.equal(problems({ TOKEN_ALGORITHM: 'ES256', TOKEN_KEY_FILE: 'a', TOKEN_JWKS_FILE: 'b' }).length, 1)
  assert.equal(problems({ TOKEN_KEY_FILE: 'a' }), ['TOKEN_KEY_FILE: HS256 has no public key; set TOKEN_ALGORITHM too'])
  assert.equal(problems({ TOKEN_ALGORITHM: 'HS512' }).length, 1)
  assert.match(problems({ TOKEN_ALGORITHM: 'RS256', TOKEN_JWKS_URL: 'http://keys.example/jwks' })[0] ?? '', /https/)
  assert.is(readConfig({ TOKEN_ALGORITHM: 'RS256', TOKEN_JWKS_URL: 'https://keys.example/jwks' }).tokenJwksUrl, 'https://keys.example/jwks')
})

it('believes no proxy that it cannot name', () => {
  assert.match(problems({ TRUST_PROXY: 'true' })[0] ?? '', /X-Forwarded-For/)
  assert.equal(['false', '1', 'loopback', '10.0.0.0/8, 192.168.0.1'].map((value) => readConfig({ TRUST_PROXY: value }).trustProxy), [false, 1, 'loopback', '10.0.0.0/8, 192.168.0.1'])
})

it('shows metrics to this machine in the demonstration, and to nobody on a given database, unless it is said', () => {
  const DATABASE_URL = 'postgres://someone@db.example/app'
  assert.equal(readConfig({}).metrics, { access: 'local', own: null })
  assert.equal(readConfig({ DATABASE_URL }).metrics, { access: 'off', own: null })
  assert.equal(readConfig({ DATABASE_URL, METRICS: 'token', METRICS_TOKEN: '16-bytes-or-more==' }).metrics, { access: { token: '16-bytes-or-more==' }, own: null })
  assert.equal(readConfig({ DATABASE_URL, METRICS: 'address' }).metrics, { access: 'off', own: { address: '127.0.0.1', port: 9464 } })
  assert.equal(readConfig({ DATABASE_URL, METRICS: 'address', METRICS_ADDRESS: '[::1]:9000' }).metrics.own, { address: '::1', port: 9000 })
  assert.equal(problems({ METRICS: 'token' }), ['METRICS=token: needs METRICS_TOKEN'])
  assert.not.match(problems({ METRICS: 'token', METRICS_TOKEN: 'too short' }).join(), /too short/)
  // What bearerToken does not take can never be sent.
  for (const canary of ['canary with spaces', 'canary-canary-canåry', 'canary"canary"canary', 'canary=canary=canary', 'canary,canary,canary']) {
    assert.match(problems({ METRICS: 'token', METRICS_TOKEN: canary }).join(), /^METRICS_TOKEN: must be letters, digits/)
    assert.not.match(problems({ METRICS: 'token', METRICS_TOKEN: canary }).join(), /canary/)
  }
  for (const METRICS of ['local', 'address', 'off', '']) assert.match(problems({ METRICS, METRICS_TOKEN: 'a-token-of-16-bytes' }).join(), /^METRICS_TOKEN: counts only with METRICS=token, and METRICS is /)
})

it('refuses what cannot be together, and says all of it at once', () => {
  assert.match(problems({ PORT: '65535' }).join(), /^PORT=65535: leaves no port for the demonstration host application/)
  assert.is(readConfig({ PORT: '65535', DEMO: 'false' }).port, 65_535)
  assert.is(readConfig({ PORT: '65535', DATABASE_URL: 'postgres://someone@db.example/app' }).port, 65_535)
  assert.is(readConfig({ PORT: '65535', HOST_APP_PORT: '5051' }).hostAppPort, 5051)
  assert.match(problems({ EXPORT_STALL_SECONDS: '61', EXPORT_TIMEOUT_MINUTES: '1' }).join(), /^EXPORT_STALL_SECONDS=61: is longer than the 60 seconds of EXPORT_TIMEOUT_MINUTES=1/)
  assert.is(readConfig({ EXPORT_STALL_SECONDS: '60', EXPORT_TIMEOUT_MINUTES: '1' }).exportStall, 60_000)
  assert.is(problems({ PORT: '65535', EXPORT_STALL_SECONDS: '61', EXPORT_TIMEOUT_MINUTES: '1', METRICS: 'token', TOKEN_ALGORITHM: 'ES256' }).length, 4)
})

it('refuses a secret that says one short piece again and again, and repeats it not', () => {
  for (const TOKEN_SECRET of ['a'.repeat(32), 'changeme'.repeat(4), 'changeme'.repeat(5).slice(0, 37), 'ab12'.repeat(20), 'åäö'.repeat(12), '0123456789abcdef'.repeat(2)]) {
    assert.equal(problems({ TOKEN_SECRET }), ['TOKEN_SECRET: must not say one short piece again and again: take random bytes, such as those of openssl rand -base64 32'])
  }
  assert.is(readConfig({ TOKEN_SECRET: '0123456789abcdef0123456789abcdeg' }).tokenSecret, '0123456789abcdef0123456789abcdeg')
})

it('takes a name of the log in any script, with emoji', () => {
  for (const name of ['Granskningslogg', 'سجل التدقيق', 'گزارش\u200cها', '監査ログ', 'Log 👩\u200d💻', 'Log ❤\ufe0f']) assert.is(readConfig({ APPEARANCE_NAME: name }).appearance.name, name)
})

it('describes every variable', () => {
  for (const [name, variable] of Object.entries(environment.shape)) assert.ok(variable.description, name)
})

it.run()
