// Fences are probed at the start, every hour, sooner after a failure, one at a time, and not after the stop.
import t, { type Test } from 'tap'
import type { BrokenFence } from '../../../src/core/model/fence-probe.ts'
import type { FencingProbe } from '../../../src/pvcnoded/fencing/agent.ts'
import { FenceProbes } from '../../../src/pvcnoded/fencing/probes.ts'
import { createLogger } from '../../../src/runtime/log/log.ts'
import { ZooKeeperError } from '../../../src/zookeeper/client/errors.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { member, presence } from '../../support/scenario/builders.ts'

const settle = async () => { for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => { setImmediate(resolve) }) }

function probesOf (t: Test, answers: Record<string, FencingProbe | null>) {
  const clock = new ManualClock()
  const asked: string[] = []
  const told: Array<readonly BrokenFence[]> = []
  const state = { active: true, peers: Object.keys(answers), asking: 0, unreadable: '', owner: 'a' as string | null }
  const probes = new FenceProbes({
    self: 'hv1',
    clock,
    log: createLogger({ name: 'pvcnoded', level: 'silent', clock }),
    agent: {
      method: 'command',
      fence: async () => { throw new Error('nobody is fenced') },
      probe: async ({ node }) => {
        asked.push(node)
        state.asking += 1
        t.equal(state.asking, 1, 'one at a time')
        await settle()
        state.asking -= 1
        return answers[node] ?? null
      },
    },
    afterlife: 60_000,
    members: () => ['hv1', ...state.peers].map((name) => member(name, { presence: state.owner === null ? null : { ...presence, owner: state.owner } })),
    active: () => state.active,
    onFault: () => {},
    target: async (node) => {
      if (node === state.unreadable) throw new ZooKeeperError('connection_loss', { op: 'get' })
      return { node, ipmi: null, epoch: null }
    },
    onProbed: (broken) => { told.push(broken) },
  })
  t.teardown(async () => await probes.stop())
  /** Lets that much time pass, and the look that follows. */
  const pass = async (milliseconds: number) => {
    for (const each of [milliseconds, 5_000]) {
      clock.advance(each)
      for (let turn = 0; turn < 10; turn++) await settle()
    }
  }
  return { clock, probes, asked, told, state, pass }
}

const works: FencingProbe = { works: true, message: 'it answers.' }
const fails: FencingProbe = { works: false, message: 'No answer.' }

t.test('at the start, every hour, and sooner after a failure', async (t) => {
  const answers: Record<string, FencingProbe | null> = { hv2: works, hv3: fails }
  const { asked, told, state, pass } = probesOf(t, answers)
  await pass(0)
  t.strictSame(asked, ['hv2', 'hv3'])
  const broken = { node: 'hv3', message: 'No answer.', since: '1970-01-01T00:00:00.000Z' }
  t.strictSame(told.at(-1), [broken])
  await pass(5_000)
  t.equal(asked.length, 2)
  await pass(300_000)
  t.strictSame(asked.slice(2), ['hv3'], 'the one that failed')
  t.strictSame(told.at(-1), [broken], 'since the first time')
  answers['hv3'] = works
  await pass(300_000)
  t.strictSame(told.at(-1), [], 'it has an end')
  await pass(3_600_000)
  t.strictSame(asked.slice(4).sort(), ['hv2', 'hv3'])
  answers['hv2'] = fails
  await pass(3_600_000)
  t.match(told.at(-1), [{ node: 'hv2' }])
  state.peers = ['hv3']
  await pass(5_000)
  t.strictSame(told.at(-1), [], 'a node that has gone is forgotten')
})

t.test('not while the node takes no part, or its peer cannot be read, nor after the stop', async (t) => {
  const { probes, asked, told, state, pass } = probesOf(t, { hv2: works })
  state.active = false
  await pass(0)
  t.strictSame(asked, [])
  state.active = true
  state.unreadable = 'hv2'
  await pass(5_000)
  t.strictSame([asked, told], [[], []])
  state.unreadable = ''
  await pass(5_000)
  t.strictSame(asked, ['hv2'])
  await probes.stop()
  await pass(10_000_000)
  t.equal(asked.length, 1)
})

t.test('the power of a peer that is alive has to be on; one that has just gone or come is asked again first', async (t) => {
  const off: FencingProbe = { works: true, power: 'off', message: 'its management controller says that the power is off.' }
  const answers: Record<string, FencingProbe | null> = { hv2: off }
  const { asked, told, state, pass } = probesOf(t, answers)
  await pass(0)
  t.strictSame([asked.length, told.length], [1, 0], 'not said yet')
  await pass(30_000)
  t.equal(asked.length, 1)
  await pass(60_000)
  t.match(told.at(-1), [{ node: 'hv2', message: /^The management controller that hv2 has published says that the power is off, while hv2 is running: .*another machine.* a fence would be confirmed without ending hv2\. Correct/ }])
  t.ok((told.at(-1)?.[0]?.message.length ?? 999) <= 300, 'published whole')
  answers['hv2'] = { ...off, power: 'on' }
  await pass(300_000)
  t.strictSame(told.at(-1), [], 'it has an end')
  answers['hv2'] = off
  await pass(3_600_000)
  state.owner = 'b'
  const before = told.length
  await pass(60_000)
  t.equal(told.length, before, 'it has started again meanwhile: the first answer may have been true')
  state.owner = null
  await pass(60_000)
  t.strictSame(told.at(-1), [], 'a peer that is not there may be off')
  state.owner = 'c'
  await pass(3_600_000)
  t.strictSame(told.at(-1), [])
  answers['hv2'] = { ...off, power: 'on' }
  await pass(60_000)
  t.strictSame(told.at(-1), [], 'its power is on by then')
})

t.test('an agent that cannot be asked says nothing', async (t) => {
  const { told, pass } = probesOf(t, { hv2: null })
  await pass(0)
  t.strictSame(told, [])
})
