// Which domains run on the node that they name.
import t from 'tap'
import { isRunning } from '../../../src/core/pvc/domain.ts'

t.test('states', async (t) => {
  for (const state of ['start', 'restart', 'shutdown', 'migrate', 'unmigrate', 'fail', 'anything else', '', undefined]) t.ok(isRunning(state), String(state))
  for (const state of ['stop', 'disable', 'provision', 'import', 'mirror']) t.notOk(isRunning(state), state)
})
