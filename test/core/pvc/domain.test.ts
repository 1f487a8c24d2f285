// Which domains run on the node that they name.
import t from 'tap'
import { isRunning, namesOfDomains } from '../../../src/core/pvc/domain.ts'

t.test('states', async (t) => {
  for (const state of ['start', 'restart', 'shutdown', 'migrate', 'unmigrate', 'fail', 'anything else', '', undefined]) t.ok(isRunning(state), String(state))
  for (const state of ['stop', 'disable', 'provision', 'import', 'mirror']) t.notOk(isRunning(state), state)
})

t.test('names in a sentence', async (t) => {
  t.equal(namesOfDomains(['a', 'b']), 'a, b')
  t.match(namesOfDomains(Array.from({ length: 21 }, () => 'a')), / and 1 more$/)
})
