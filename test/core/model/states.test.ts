// The words of the state machine.
import t from 'tap'
import { causeOf, coordinatorStateOf, coordinatorStates, daemonStateOf, daemonStates, domainStateOf, domainStates, nodeModeOf, NOBODY, outcomeOf, unreachable } from '../../../src/core/model/states.ts'

t.test('PVC\'s own values', async (t) => {
  t.strictSame(Object.keys(daemonStates), ['init', 'run', 'shutdown', 'stop', 'dead', 'fenced'])
  t.strictSame(Object.keys(coordinatorStates), ['client', 'secondary', 'takeover', 'primary', 'relinquish'])
  t.strictSame(Object.keys(domainStates), ['ready', 'unflush', 'flush', 'flushed', 'fence-flush'])
  t.equal(NOBODY, 'none')
})

t.test('every parser takes its own words and nothing else', async (t) => {
  const cases = [[daemonStateOf, 'run'], [coordinatorStateOf, 'takeover'], [domainStateOf, 'flushed'], [causeOf, 'repair'], [outcomeOf, 'timed_out'], [nodeModeOf, 'hypervisor']] as const
  for (const [parse, word] of cases) {
    t.equal(parse(word), word)
    for (const text of [null, undefined, '', `${word} `, word.toUpperCase(), 'constructor', '__proto__']) t.equal(parse(text), null, `${word}: ${text}`)
  }
})

t.test('what cannot be reached is a bug, and a bug is a crash', async (t) => {
  t.throws(() => unreachable('oops' as never), { name: 'TypeError', message: 'unreachable: "oops"' })
})
