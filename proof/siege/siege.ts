/** Runs attacks one after another against one pvcapid, and judges what it was like beside them and afterwards. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { eventually } from '../../test/support/zookeeper.ts'
import { residentBytes } from '../../test/support/fuzzing.ts'
import { asUser, packageFolder } from '../../tools/testbed/daemon-process.ts'
import { CROWD, type Attack } from './attacks.ts'
import { megabytes, type Besieged } from './besieged.ts'
import type { Targets } from './targets.ts'
import { poison, type ZnodeAttack } from './znodes.ts'

/** Bytes above the quiet figure at most. */
const MOST = 150 * 2 ** 20
/** Milliseconds of the neighbour's `/health/live` at most. */
const SLOWEST = 500
/** Milliseconds after the attackers are gone. */
const AFTERWARDS = 5_000
/** Further looks at what seems to be left over, and milliseconds between two. */
const LOOKS = 3
const BETWEEN_LOOKS = 200

export interface SiegeOptions {
  /** The share of attackers and of time, up to 1. */
  readonly share: number
  /** Whether times are judged too: not where other tests run beside it. */
  readonly judgesTime: boolean
}

/** Each attack is on one of the APIs, or on the znodes that all of them read. */
export async function siege (t: Test, { session, open: _open, ...targets }: Targets, attacks: ReadonlyArray<Attack | ZnodeAttack>, { share, judgesTime }: SiegeOptions): Promise<void> {
  t.comment('| attack | MB above quiet | worst /health/live, ms | left over |')
  t.comment('| --- | --- | --- | --- |')
  for (const attack of attacks) {
    const isZnodes = 'values' in attack
    const place = isZnodes ? 'plain' : attack.over ?? 'plain'
    const target = targets[place]
    const quiet = await target.figures()
    const before = residentBytes(target.daemon.pid)
    target.daemon.readOutput(place !== 'deaf')
    const { worst, failures, peak } = await target.watch(async () => isZnodes ? await poison(session, attack, share) : await carryOut(attack, target.port, share), isZnodes ? undefined : attack.from)
    t.ok(target.daemon.running, `${attack.name}: the process lives\n${target.daemon.stderr}`)
    let left: string[] = []
    if (judgesTime) {
      await delay(AFTERWARDS)
      left = await target.leftOver(quiet)
      // An operation of the API's own, as one of its audit of the cache, has a timer while it is in progress: what is left over is there at each look.
      for (let look = 0; look < LOOKS && left.length > 0; look++) {
        await delay(BETWEEN_LOOKS)
        left = await target.leftOver(quiet)
      }
      t.ok(worst < SLOWEST, `${attack.name}: /health/live within ${SLOWEST} ms`)
    } else {
      await eventually(async () => (await target.leftOver(quiet)).length === 0)
    }
    t.strictSame(left, [], `${attack.name}: nothing is left over`)
    t.equal(failures, 0, `${attack.name}: every reply came`)
    t.ok(peak - before < MOST, `${attack.name}: ${megabytes(peak - before)} MB above the quiet figure`)
    if (place === 'deaf') {
      t.ok(await target.figure('pvcapid_log_lines_dropped_total') > 0, `${attack.name}: lines were dropped`)
      target.daemon.readOutput(true)
    }
    t.comment(`| ${attack.name} | ${megabytes(peak - before)} | ${worst.toFixed(0)} | ${left.join('; ')} |`)
  }
}

/**
 * The attacks of each round run at the same time, the rounds one after another. The memory is judged against the quiet figure before the first of them, so that what a
 * round leaves behind counts.
 */
export async function siegeInRounds (t: Test, target: Besieged, rounds: ReadonlyArray<readonly Attack[]>, { share, judgesTime }: SiegeOptions): Promise<void> {
  t.comment('| attacks at the same time | MB above the first quiet figure | worst /health/live, ms |')
  t.comment('| --- | --- | --- |')
  const quiet = await target.figures()
  const before = residentBytes(target.daemon.pid)
  for (const [at, attacks] of rounds.entries()) {
    const name = `round ${at + 1}: ${attacks.map((attack) => attack.name.replace('together: ', '')).join(' + ')}`
    const { worst, failures, peak } = await target.watch(async () => { await Promise.all(attacks.map(async (attack) => await carryOut(attack, target.port, share))) }, CROWD)
    t.ok(target.daemon.running, `${name}: the process lives\n${target.daemon.stderr}`)
    t.equal(failures, 0, `${name}: every reply came`)
    if (judgesTime) t.ok(worst < SLOWEST, `${name}: /health/live within ${SLOWEST} ms`)
    t.ok(peak - before < MOST, `${name}: ${megabytes(peak - before)} MB above the first quiet figure`)
    t.comment(`| ${name} | ${megabytes(peak - before)} | ${worst.toFixed(0)} |`)
  }
  await eventually(async () => (await target.leftOver(quiet)).length === 0)
  const left = residentBytes(target.daemon.pid) - before
  t.ok(left < MOST, `${megabytes(left)} MB above the first quiet figure afterwards`)
  t.comment(`| afterwards | ${megabytes(left)} | |`)
}

async function carryOut ({ name }: Attack, port: number, share: number): Promise<void> {
  const [program, ...words] = asUser([process.execPath, join(packageFolder(), 'dist', 'proof', 'siege', 'attackers.js'), name, String(port), String(share)])
  const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(child, 'exit') as [number | null]
  if (code !== 0) throw new Error(`the attackers of "${name}" ended with ${String(code)}`)
}
