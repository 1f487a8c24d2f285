/** From the configuration to the coordinator machine's terms. */
import t from 'tap'
import { handoverOrder } from '../../src/pvcnoded/terms.ts'

t.test('released in reverse, but for floating addresses beside one another', async (t) => {
  const order = (...names: string[]) => handoverOrder(names.map((name) => ({ name, type: name.startsWith('ip') ? 'floating-ip' : 'command' }))).map(({ name }) => name)
  t.same(order(), [])
  t.same(order('a', 'b', 'c'), ['c', 'b', 'a'])
  t.same(order('ip4', 'ip6'), ['ip4', 'ip6'])
  t.same(order('disk', 'ip4', 'ip6', 'job'), ['job', 'ip4', 'ip6', 'disk'])
  t.same(order('ip4', 'disk', 'ip6'), ['ip6', 'disk', 'ip4'])
})
