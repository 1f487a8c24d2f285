/** Reports of announcements and questions, with answers in place of the program; floating-ip.test.ts sends real frames. */
import t, { type Test } from 'tap'
import type { AttemptTools } from '../../../src/pvcnoded/resources/attempt.ts'
import { Neighbours } from '../../../src/pvcnoded/resources/neighbours.ts'
import type { CommandOutcome } from '../../../src/runtime/process/command.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const good: CommandOutcome = { kind: 'exited', code: 0, stdout: '', stderr: '' }
const claimed = (machine: string): CommandOutcome => ({ kind: 'exited', code: 1, stdout: `${machine}\n`, stderr: '' })

function neighboursOf (t: Test) {
  const clock = new ManualClock()
  const answers: { probe: CommandOutcome, announce: CommandOutcome } = { probe: good, announce: good }
  const logged: string[] = []
  const told: string[] = []
  const log = { warn: (_fields: object, message: string) => { logged.push(message) }, info: (_fields: object, message: string) => { logged.push(message) } } as unknown as NonNullable<AttemptTools['log']>
  const neighbours = new Neighbours('vip', '10.0.0.1', {
    clock,
    commands: { run: async ({ argv }) => argv.includes('probe') ? answers.probe : answers.announce },
    log,
    onConcern: (resource, code, message) => { told.push(`${resource} ${code}: ${message ?? 'over'}`) },
  })
  t.teardown(async () => await neighbours.silence())
  const settle = async (milliseconds: number) => {
    for (let turn = 0; turn < 20; turn++) {
      clock.advance(milliseconds / 20)
      for (let each = 0; each < 5; each++) await new Promise((resolve) => { setImmediate(resolve) })
    }
  }
  return {
    answers,
    logged,
    told,
    neighbours,
    announce: async () => { await neighbours.announce('eth0'); await settle(3_000) },
    check: async () => { neighbours.remind('eth0'); await settle(100) },
  }
}

t.test('announcements that cannot be sent are told once, and their end', async (t) => {
  const { answers, announce, check, logged, told } = neighboursOf(t)
  answers.announce = { kind: 'failed_to_start', message: 'spawn perl ENOENT' }
  await announce()
  const message = '10.0.0.1 could not be announced on eth0: perl could not be started: spawn perl ENOENT'
  t.strictSame([logged, told], [[message], [`vip address_unannounced: ${message}`]])
  answers.announce = good
  await check()
  t.strictSame([logged.slice(1), told.slice(1)], [['10.0.0.1 can be announced again'], ['vip address_unannounced: over']])
})

t.test('another machine is told once, until the link says otherwise', async (t) => {
  const { answers, announce, check, told, neighbours } = neighboursOf(t)
  answers.probe = claimed('02:00:00:00:00:01')
  await announce()
  await check()
  const duplicate = 'vip address_duplicate: another machine on eth0 (02:00:00:00:00:01) has 10.0.0.1 too; remove it there'
  t.strictSame(told, [duplicate])
  answers.probe = { kind: 'timed_out' }
  await check()
  t.strictSame(told.slice(1), ['vip address_unannounced: the network of eth0 could not be asked for 10.0.0.1: perl did not end within 1 s and was killed'], 'a question that fails ends nothing, and is told')
  answers.probe = good
  await check()
  t.strictSame(told.slice(2), ['vip address_duplicate: over', 'vip address_unannounced: over'])
  answers.probe = claimed('02:00:00:00:00:02')
  await check()
  await neighbours.forget()
  t.match(told.slice(4), [/address_duplicate: another/, 'vip address_duplicate: over'], 'it is not held here any more')
  await announce()
  t.match(told.slice(6), [/address_duplicate: another/], 'and told again when it is acquired again')
})
