/** Commands that misbehave, as real processes: each is told by its fault, and nothing of it continues. */
import t from 'tap'
import { readdirSync, readFileSync } from 'node:fs'
import { systemClock } from '../../../src/runtime/clock.ts'
import { createCommandRunner } from '../../../src/runtime/process/command.ts'
import { checkTexts } from '../../../src/core/pvc/health.ts'
import { commandCollector, parseCheck } from '../../../src/pvcnoded/collectors/command-collector.ts'

const commands = createCommandRunner(systemClock)
const signal = new AbortController().signal
const collect = async (script: string, timeout = 20_000) => await commandCollector({ name: 'raid', command: ['sh', '-c', script], timeout }, 'hv1', commands).collect(signal)

/** Processes that have `mark` in their command line. */
const alive = (mark: string) => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(mark) && !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')
  } catch {
    return false // it ended meanwhile
  }
})

t.test('what a check may print', async (t) => {
  t.same(parseCheck('{"health_delta": 10, "message": "m", "data": [1]}'), { healthDelta: 10, message: 'm', data: [1] })
  t.match(parseCheck('{"message": "all \\u202ewell\\u200b"}'), { message: 'all well' }, 'without characters that are not seen')
  t.same(parseCheck('{}\n'), { healthDelta: 0, message: '', data: null })
  t.match(checkTexts({ name: 'a', ...parseCheck('{"health_delta":5.0,"data":{"x":0.0,"y":12345678901234567890}}'), lastRun: 1, runtime: 0, fault: null }), { health_delta: '5', data: '{"x":0.0,"y":12345678901234567890}' }, 'each number as it was printed')
  for (const bad of ['5', '1.0', '{"data":[1e999]}', '', 'rubbish', '[]', 'null', '{"health_delta": "1"}', '{"health_delta": 1.5}', '{"health_delta": 101}', '{"message": 1}']) {
    t.throws(() => parseCheck(bad), { code: 'collector_fault' }, bad)
  }
})

t.test('a good one', async (t) => {
  t.same(await collect('echo "{\\"message\\": \\"$PVC_NODE $PVC_ACTION\\"}"'), { znodes: {}, check: { healthDelta: 0, message: 'hv1 collect', data: null } })
})

t.test('bad ones, and nothing left of them', async (t) => {
  const mark = `314.${process.pid}`
  await t.rejects(collect(`sleep ${mark}`, 200), { message: 'did not end within 0.2 s and was killed' })
  await t.rejects(collect(`while :; do : ${mark}; done`, 200), { message: 'did not end within 0.2 s and was killed' })
  await t.rejects(collect('head -c 70000 /dev/zero'), { message: 'printed more than 64 KiB' })
  for (const nothing of [':', 'echo; echo']) await t.rejects(collect(nothing), { message: 'printed nothing' })
  await t.rejects(collect('echo so'), { message: 'printed something that is not valid JSON' })
  await t.rejects(collect('exit 3'), { message: 'exited with 3' })
  await t.rejects(collect('kill -9 $$'), { message: 'was ended by SIGKILL' })
  t.same((await collect(`sleep ${mark} & sleep ${mark} & echo "{}"`)).check, { healthDelta: 0, message: '', data: null }, 'children left behind cost it nothing')
  t.same(alive(mark), [])
  await t.rejects(commandCollector({ name: 'x', command: ['/nowhere/at/all'], timeout: 1_000 }, 'hv1', commands).collect(signal), { message: /^could not be started: / })
})
