/** A process of its own for the attackers of one attack, so that what they cost is not taken for what the API does: attack, port and share are its arguments. */
import { setMaxListeners } from 'node:events'
import { setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { Attacker, attacks } from './attacks.ts'
import { together } from './together.ts'

// They are elsewhere: what they take of the processor is not to be missed by the API or by the client beside them.
setPriority(10)
const [name, port, share] = process.argv.slice(2)
const attack = [...attacks, ...together].find((each) => each.name === name)
if (attack === undefined) throw new Error(`there is no attack "${String(name)}"`)
const { connections, seconds, from, run } = attack
const ended = new AbortController()
// Every attacker listens.
setMaxListeners(0, ended.signal)
const attackers: Attacker[] = []
const running: Array<Promise<void>> = []
for (let left = Math.max(2, Math.ceil(connections * Number(share))); left > 0; left--) {
  const attacker = new Attacker(Number(port), from)
  attackers.push(attacker)
  running.push(run(attacker, ended.signal))
  // Five thousand a second: to connect costs an API more than it costs a client, whatever comes of it.
  if (left % 100 === 0) await delay(20)
}
await delay(Math.max(1_000, seconds * 1_000 * Number(share)))
ended.abort()
await Promise.all(running)
for (const attacker of attackers) attacker.reset()
