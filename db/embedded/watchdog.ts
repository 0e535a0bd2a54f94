import { spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { join } from 'node:path'

/**
 * Waits for a word on its input. The word means that the server was stopped in order; the end of the input means that
 * this process is gone, for whatever reason (kill -9 too), and then the server is stopped (SIGINT is a fast shutdown).
 * $1 is the server's process, $2 its postmaster.pid, which it removes last (a dead process that nobody has reaped yet
 * still answers kill -0), $3 for how many tenths of a second it is asked politely; the other arguments are folders to remove afterwards.
 */
const script = `
read -r word && exit 0
server=$1
lock=$2
patience=$3
shift 3
kill -INT "$server" 2>/dev/null
tries=0
while [ -e "$lock" ] && kill -0 "$server" 2>/dev/null && [ $tries -lt $((patience + 50)) ]; do
  tries=$((tries + 1))
  [ $tries -eq "$patience" ] && kill -QUIT "$server"
  sleep 0.1
done
[ $# -eq 0 ] || rm -rf "$@"
`

/**
 * Milliseconds for a server to end in order. It writes what is only in memory yet, and after much work that takes a while; cut short, it
 * loses nothing either, but replays its log at the next start. What is thrown away afterwards need not be written.
 */
export function stopPatience(isRemoved: boolean): number {
  return isRemoved ? 10_000 : 60_000
}

/**
 * Starts a small shell in a session of its own that stops a PostgreSQL server as soon as this process ends.
 * @returns a function that dismisses it, for when the server was stopped in order.
 */
export function watchOver(pid: number, cluster: string, removeAfterwards: readonly string[]): () => void {
  const watchdog = spawn('/bin/sh', ['-c', script, 'watchdog', String(pid), join(cluster, 'postmaster.pid'), String(stopPatience(removeAfterwards.length > 0) / 100), ...removeAfterwards], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watchdog.unref()
  // A watchdog that somebody else has ended must not end us by a broken pipe.
  watchdog.stdin.on('error', () => undefined)
  if (watchdog.stdin instanceof Socket) watchdog.stdin.unref()
  return () => void watchdog.stdin.end('done\n')
}
