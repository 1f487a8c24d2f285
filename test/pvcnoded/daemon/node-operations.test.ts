/** Which programs stand by in which coordinator state: none outside of `takeover`, however the node came out of it. */
import t from 'tap'
import { NodeOperations, type NodeOperationsOptions } from '../../../src/pvcnoded/daemon/node-operations.ts'
import type { CoordinatorState } from '../../../src/core/model/states.ts'

const signal = new AbortController().signal

t.test('what stands by for a takeover ends with it, before its end is published', async (t) => {
  const done: string[] = []
  const resource = { standBy: () => { done.push('stands by') }, standDown: async () => { done.push('stands down') } }
  const operations = new NodeOperations({
    monitor: { stop: async () => {}, start: () => { done.push('is monitored') } },
    own: { write: async (_znode: string, state: string) => { done.push(state); return 'done' } },
    resources: new Map<string, object>([['ip', resource], ['job', {}]]),
    key: { session: {} },
  } as unknown as NodeOperationsOptions)
  const after = async (state: CoordinatorState) => {
    done.length = 0
    t.strictSame(await operations.run({ op: 'write_state', state }, signal), { kind: 'done' })
    return done
  }
  t.strictSame(await after('takeover'), ['stands by', 'takeover'])
  t.strictSame(await after('primary'), ['stands down', 'primary', 'is monitored'])
  t.strictSame(await after('relinquish'), ['stands down', 'relinquish'])
  t.strictSame(await after('secondary'), ['stands down', 'secondary'])
})
