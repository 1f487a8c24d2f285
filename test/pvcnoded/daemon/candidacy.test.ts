// What a node publishes and says of a health around its min_health: down at once, up again when it has lasted, and at once while no node serves.
import t, { type Test } from 'tap'
import { newCoordinator, type Coordinator } from '../../../src/core/coordinator/coordinator-state.ts'
import type { Member } from '../../../src/core/model/member.ts'
import { createLogger } from '../../../src/runtime/log/log.ts'
import { Candidacy } from '../../../src/pvcnoded/daemon/candidacy.ts'
import type { AttemptResult, Resource } from '../../../src/pvcnoded/resources/resource.ts'
import { settings } from '../../support/scenario/driver.ts'
import { gone, key, keySnapshot, primary } from '../../support/scenario/builders.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const KEEPALIVE = 5_000
const names: Readonly<Record<string, string>> = { 30: 'info', 40: 'warn' }

function candidacyOf (t: Test, health: number | null = 100, minHealth = 80) {
  const clock = new ManualClock()
  const lines: string[] = []
  const write = (line: string) => {
    const { level, msg } = JSON.parse(line) as { level: number | string, msg: string }
    lines.push(`${names[String(level)] ?? level} ${msg}`)
  }
  let published: number | null | undefined
  const candidacy = new Candidacy({
    clock,
    log: createLogger({ name: 'pvcnoded', level: 'info', clock, destination: { write } }),
    resources: [],
    interval: 10_000,
    keepaliveInterval: KEEPALIVE,
    preference: { priority: 50, minHealth, health },
    publish: ({ candidate }) => { published = candidate?.health },
    onChecked: () => {},
  })
  t.teardown(() => candidacy[Symbol.dispose]())
  /** A health in each of the next keepalives, and what is published after it. */
  const finds = (...healths: readonly number[]) => healths.map((found) => {
    candidacy.health(found)
    clock.advance(KEEPALIVE)
    return published
  })
  const machine: Coordinator = { ...newCoordinator({ ...settings, self: 'hv2' }, 0), daemon: 'run', state: 'secondary' }
  const sees = (holder: Member) => {
    const { ledger, members } = keySnapshot()
    candidacy.follow({ ...machine, view: { key: key('hv1', 1), ledger, members: [holder, ...members.slice(1)], records: [] } })
    return published
  }
  return { finds, sees, said: () => lines.splice(0) }
}

const falls = (health: number) => `warn the health of this node is ${health} %, below its min_health of 80 %: it does not become primary by itself, nor by a request without \`force: ["health"]\``
const recovers = (health: number) => `info the health of this node is ${health} % again, not below its min_health of 80 %`

t.test('a health that wavers is said once', async (t) => {
  const { finds, said } = candidacyOf(t)
  t.strictSame(finds(100, 80), [100, 80])
  t.strictSame(said(), [])
  t.strictSame(finds(79, 100, 79, 100, 60, 100, 100), [79, 79, 79, 79, 60, 60, 60])
  t.strictSame(said(), [falls(79)])
  t.strictSame(finds(100, 85, 79), [100, 85, 79], 'three intervals after the last that was too low')
  t.strictSame(said(), [recovers(100), falls(79)])
})

t.test('while no node serves, a health that is high enough counts at once', async (t) => {
  const { finds, sees, said } = candidacyOf(t)
  finds(40, 100)
  t.equal(sees(primary('hv1')), 40)
  t.equal(sees(gone('hv1')), 100, 'the primary is out of contact')
  t.equal(sees(primary('hv1')), 100, 'it has recovered, whether or not a node serves')
  t.strictSame(said(), [falls(40), recovers(100)])
  sees(gone('hv1', { daemonState: 'fenced' }))
  t.strictSame(finds(40, 100), [40, 100], 'found meanwhile')
  t.equal(sees(primary('hv1')), 100)
})

t.test('what a daemon knows as it registers, and a health that does not matter', async (t) => {
  const known = candidacyOf(t, 40)
  t.strictSame(known.finds(100, 100, 100, 100), [40, 40, 40, 100])
  const free = candidacyOf(t, null, 0)
  t.strictSame(free.finds(0, 100), [undefined, undefined])
  t.strictSame(free.said(), [])
})

t.test('resources stand by from when this node is named and found ready until it is named no more', async (t) => {
  const clock = new ManualClock()
  const done: string[] = []
  let answer: (result: AttemptResult) => void = () => {}
  const resource: Resource = {
    ...{ name: 'ip', identity: 'ip', acquireTimeout: 1, releaseTimeout: 1, retries: 0, checkInterval: 10_000 },
    attempt: async () => await new Promise((resolve) => { answer = resolve }),
    standBy: () => { done.push('stands by') },
    standDown: async () => { done.push('stands down') },
  }
  const candidacy = new Candidacy({
    clock,
    log: createLogger({ name: 'pvcnoded', level: 'silent', clock }),
    resources: [resource],
    interval: 10_000,
    keepaliveInterval: KEEPALIVE,
    preference: { priority: 50, minHealth: 0, health: 100 },
    publish: () => {},
    onChecked: () => {},
  })
  t.teardown(() => candidacy[Symbol.dispose]())
  const machine: Coordinator = { ...newCoordinator({ ...settings, self: 'hv2' }, 0), daemon: 'run', state: 'secondary' }
  const named = (name: string, epoch: number) => {
    const { ledger, members } = keySnapshot()
    candidacy.follow({ ...machine, view: { key: key(name, epoch), ledger, members, records: [] } })
  }
  const checked = async (result: AttemptResult) => {
    answer(result)
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => { setImmediate(resolve) })
    return done.splice(0)
  }
  named('hv1', 1)
  t.strictSame(await checked({ kind: 'done' }), [], 'another node is named')
  named('hv2', 2)
  t.strictSame(await checked({ kind: 'failed', failure: { code: 'ready_failed', resource: 'ip', message: 'It is down.' } }), [], 'it could not be acquired')
  named('hv2', 3)
  t.strictSame(await checked({ kind: 'done' }), ['stands by'])
  named('hv1', 4)
  named('hv1', 4)
  t.strictSame(done.splice(0), ['stands down'], 'once')
})
