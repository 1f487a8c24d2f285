/** From the configuration to the coordinator machine's terms. */
import t from 'tap'
import type { NodeConfig } from '../../src/pvcnoded/config/node-config.ts'
import { handoverOrder, sessionTimeoutWarning } from '../../src/pvcnoded/terms.ts'

t.test('released in reverse, but for floating addresses beside one another', async (t) => {
  const order = (...names: string[]) => handoverOrder(names.map((name) => ({ name, type: name.startsWith('ip') ? 'floating-ip' : 'command' }))).map(({ name }) => name)
  t.same(order(), [])
  t.same(order('a', 'b', 'c'), ['c', 'b', 'a'])
  t.same(order('ip4', 'ip6'), ['ip4', 'ip6'])
  t.same(order('disk', 'ip4', 'ip6', 'job'), ['job', 'ip4', 'ip6', 'disk'])
  t.same(order('ip4', 'disk', 'ip6'), ['ip6', 'disk', 'ip4'])
})

t.test('another session time-out than was asked for', async (t) => {
  const config = (more: Partial<NodeConfig> = {}) => ({ sessionTimeout: 30_000, resources: [{ releaseTimeout: 3_000 }, { releaseTimeout: 2_000 }], keepaliveInterval: 5_000, fenceIntervals: 7, ...more }) as NodeConfig
  t.equal(sessionTimeoutWarning(config(), 30_000), null)
  const less = sessionTimeoutWarning(config(), 10_000)
  t.match(less, /^The servers grant a session time-out of 10 s, the most that their maxSessionTimeout allows, instead of the 30 s of pvc\.zookeeper\.session_timeout\. All release_timeouts together \(5 s\) do not fit .* \(2\.333 s\)/)
  t.match(less, /Set pvc\.zookeeper\.session_timeout to what the servers grant, or change maxSessionTimeout \(or tickTime\) of every server\.$/)
  t.notMatch(less, /fence_intervals/)
  t.notMatch(sessionTimeoutWarning(config(), 25_000), /release_timeouts/, 'they fit')
  const more = sessionTimeoutWarning(config(), 40_000)
  t.match(more, /40 s, the least that their minSessionTimeout allows.* keepalive_interval × fence_intervals \(35 s\) is not more than that/)
  t.notMatch(more, /release_timeouts/)
  t.notMatch(sessionTimeoutWarning(config(), 34_000), /fence_intervals \(/)
})
