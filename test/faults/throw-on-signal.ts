/* Loaded into a server under test: SIGUSR2 is an error that nobody catches, SIGPWR a promise that nobody waits for. */
process.on('SIGUSR2', () => setTimeout(() => { throw new Error('a bug of the tests') }, 0))
process.on('SIGPWR', () => void Promise.reject(new Error('a forgotten promise of the tests')))
