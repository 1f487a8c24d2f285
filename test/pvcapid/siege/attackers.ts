/** A process of its own for the attackers of one attack, so that what they cost is not taken for what the API does: attack, port and share are its arguments. */
import { setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { Attacker, attacks } from './attacks.ts'

// They are elsewhere: what they take of the processor is not to be missed by the API or by the client beside them.
setPriority(10)
const [name, port, share] = process.argv.slice(2)
const attack = attacks.find((each) => each.name === name)
if (attack === undefined) throw new Error(`there is no attack "${String(name)}"`)
const { connections, seconds, run } = attack
const ended = new AbortController()
const attackers = Array.from({ length: Math.max(2, Math.ceil(connections * Number(share))) }, () => new Attacker(Number(port)))
const running = attackers.map(async (attacker) => await run(attacker, ended.signal))
await delay(Math.max(1_000, seconds * 1_000 * Number(share)))
ended.abort()
await Promise.all(running)
for (const attacker of attackers) attacker.reset()
