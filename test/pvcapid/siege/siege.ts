/** Runs attacks one after another against one pvcapid, and judges what it was like beside them and afterwards. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { eventually } from '../../support/zookeeper.ts'
import { residentBytes } from '../../support/fuzzing.ts'
import { Attacker, type Attack } from './attacks.ts'
import { megabytes, type Besieged } from './besieged.ts'

/** Bytes above the quiet figure at most. */
const MOST = 150 * 2 ** 20
/** Milliseconds of the neighbour's `/health/live` at most. */
const SLOWEST = 500
/** Milliseconds after the attackers are gone. */
const AFTERWARDS = 5_000

export interface SiegeOptions {
  /** The share of attackers and of time, up to 1. */
  readonly share: number
  /** Whether times are judged too: not where other tests run beside it. */
  readonly judgesTime: boolean
}

/** Two APIs, of which the second serves TLS; each attack is on one. */
export async function siege (t: Test, targets: { readonly plain: Besieged, readonly tls: Besieged }, attacks: readonly Attack[], { share, judgesTime }: SiegeOptions): Promise<void> {
  t.comment('| attack | MB above quiet | worst /health/live, ms | left over |')
  t.comment('| --- | --- | --- | --- |')
  for (const attack of attacks) {
    const target = attack.over === 'tls' ? targets.tls : targets.plain
    const quiet = await target.figures()
    const before = residentBytes(target.daemon.pid)
    const { worst, failures, peak } = await target.watch(async () => await carryOut(attack, target.port, share))
    t.ok(target.daemon.running, `${attack.name}: the process lives\n${target.daemon.stderr}`)
    let left: string[] = []
    if (judgesTime) {
      await delay(AFTERWARDS)
      left = await target.leftOver(quiet)
      t.ok(worst < SLOWEST, `${attack.name}: /health/live within ${SLOWEST} ms`)
    } else {
      await eventually(async () => (await target.leftOver(quiet)).length === 0)
    }
    t.strictSame(left, [], `${attack.name}: nothing is left over`)
    t.equal(failures, 0, `${attack.name}: every reply came`)
    t.ok(peak - before < MOST, `${attack.name}: ${megabytes(peak - before)} MB above the quiet figure`)
    t.comment(`| ${attack.name} | ${megabytes(peak - before)} | ${worst.toFixed(0)} | ${left.join('; ')} |`)
  }
}

async function carryOut ({ connections, seconds, run }: Attack, port: number, share: number): Promise<void> {
  const ended = new AbortController()
  const attackers = Array.from({ length: Math.max(2, Math.ceil(connections * share)) }, () => new Attacker(port))
  const running = attackers.map(async (attacker) => await run(attacker, ended.signal))
  await delay(Math.max(1_000, seconds * 1_000 * share))
  ended.abort()
  await Promise.all(running)
  for (const attacker of attackers) attacker.reset()
}
