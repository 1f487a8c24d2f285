/**
 * Attacks that run at the same time, in rounds one after another, on an API that asks for no key. Each keeps as much in memory as its own bound allows, and what one
 * round leaves behind adds to what the next one takes.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { CROWD, type Attack, type Attacker } from './attacks.ts'

/** Sends what `text` makes, and again on a new connection each time that the API ends one. Never reads. */
const again = (text: () => string) => async (attacker: Attacker, signal: AbortSignal): Promise<void> => {
  attacker.send(text())
  while (!signal.aborted) {
    await delay(20)
    if (attacker.closed) attacker.send(text())
  }
}

const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`
let made = 0
/** No two replies are the same. */
const refused = (): string => get(`/api/v1/node?limit=x${made++}&${'q'.repeat(200)}${made++}=${'z'.repeat(3_000)}`)
const longPolls = get('/api/v1/primary?wait=3600', 'If-None-Match: *\r\n') + get('/api/v1/node/fig/coordinator-state?wait=3600', 'If-None-Match: *\r\n').repeat(15)

const refusals: Attack = { name: 'together: 1,500 × 16 refusals, never reads', from: CROWD, connections: 1_500, seconds: 8, run: again(() => Array.from({ length: 16 }, refused).join('')) }
const waits: Attack = {
  name: 'together: 400 × 16 long-polls, reset',
  from: CROWD,
  connections: 400,
  seconds: 8,
  run: async (attacker, signal) => {
    while (!signal.aborted) {
      attacker.send(longPolls)
      await delay(300)
      attacker.reset()
      await delay(10)
    }
  },
}
const heads: Attack = { name: 'together: 3,000 heads that are half sent', from: CROWD, connections: 3_000, seconds: 8, run: again(() => `GET / HTTP/1.1\r\nHost: localhost\r\n${`X-A: ${'y'.repeat(1_500)}\r\n`.repeat(8)}`) }
const bodies: Attack = { name: 'together: 2,000 bodies that are half sent', from: CROWD, connections: 2_000, seconds: 8, run: again(() => `POST /api/v1/switchover HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 16000\r\n\r\n{"reason":"${'a'.repeat(15_000)}`) }

export const together: readonly Attack[] = [refusals, waits, heads, bodies]

export const rounds: ReadonlyArray<readonly Attack[]> = [[refusals, waits], [heads, bodies], [refusals, waits], [heads, bodies]]
