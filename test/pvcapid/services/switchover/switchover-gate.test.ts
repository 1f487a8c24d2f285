/** What a request is told of a switchover that is there already while its record is open. */
import t from 'tap'
import { SwitchoverGate } from '../../../../src/pvcapid/services/switchover/switchover-gate.ts'
import type { Switchover, SwitchoverService } from '../../../../src/pvcapid/services/switchover/switchover-service.ts'

const open = { epoch: 7, to: 'fig', cause: 'request', done: false, outcome: null, error: null, continued_by: null } as unknown as Switchover
const closed: Switchover = { ...open, done: true, outcome: 'succeeded' }
const wish = { to: 'fig', ifMatch: undefined, requestedBy: null, client: undefined, url: '/api/v1/switchover' }

/** The gate of an API where it is so already, and where who follows it sees `end`. */
const gate = (end: Switchover | null): SwitchoverGate => new SwitchoverGate({
  stale: false,
  place: () => ({ [Symbol.dispose]: () => {} }),
  request: async () => ({ kind: 'already', epoch: 7, switchover: open }),
  followed: async () => end,
  endOfWait: () => 'time',
} as unknown as SwitchoverService)

t.test('it is so already, and its record is not closed', async (t) => {
  t.match(await gate(closed).request({ ...wish, wait: undefined }), { status: 200, body: { done: false, already: true } }, 'who does not wait is told at once')
  t.match(await gate(closed).request({ ...wish, wait: 60 }), { status: 200, body: { done: true, outcome: 'succeeded', already: true } }, 'who waits is told of its end')
  t.match(await gate({ ...closed, outcome: 'failed' }).request({ ...wish, wait: 60 }), { status: 502, body: { outcome: 'failed' } }, 'whatever that is')
  for (const end of [open, null]) await t.rejects(gate(end).request({ ...wish, wait: 60 }), { code: 'switchover_going_on', status: 503 }, 'and by no 2xx that it continues')
})
