/** A `secondary` that a fencer of PVC's has written over `dead` is not taken for the word of the node that starts. */
import t from 'tap'
import { announceStart } from '../../../src/pvcnoded/registration/registration.ts'
import type { OwnZnodes } from '../../../src/pvcnoded/daemon/own-znodes.ts'

const znode = (data: string, mzxid: string) => ({ data, version: 0, czxid: '0000000000000001', mzxid, modified: '2026-02-03T04:05:06.789Z', owner: '' })

t.test('what a node writes as it starts', async (t) => {
  const written = async (daemonstate: string, routerstate: string | null, stateAt: string, mode: 'coordinator' | 'hypervisor' = 'coordinator'): Promise<readonly string[]> => {
    const writes: string[] = []
    const own = { write: async (name: string, value: string) => { writes.push(`${name} = ${value}`); return 'done' } } as unknown as OwnZnodes
    await announceStart(own, mode, new Map([['daemonstate', znode(daemonstate, '0000000000000005')], ['routerstate', routerstate === null ? undefined : znode(routerstate, stateAt)]]))
    return writes
  }
  t.strictSame(await written('dead', 'secondary', '0000000000000006'), ['routerstate = relinquish', 'daemonstate = init'], 'the word of a fencer')
  t.strictSame(await written('dead', 'secondary', '0000000000000004'), ['daemonstate = init'], 'its own')
  t.strictSame(await written('dead', 'primary', '0000000000000006'), ['daemonstate = init'])
  t.strictSame(await written('stop', 'secondary', '0000000000000006'), ['daemonstate = init'])
  t.strictSame(await written('stop', null, ''), ['routerstate = relinquish', 'daemonstate = init'], 'a state that is missing is none of a node that has released')
  t.strictSame(await written('stop', null, '', 'hypervisor'), ['routerstate = client', 'daemonstate = init'])
})
