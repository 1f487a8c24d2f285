/** When a node began to release for the last time: ZooKeeper's stamp less a duration of its own clock. */
import t from 'tap'
import { beganLastRelease } from '../../src/cluster/nodes/last-release.ts'
import type { Znode } from '../../src/core/model/znode.ts'

t.test('when a node began to release for the last time', async (t) => {
  const znode = (data: string, modified = '2026-01-01T00:00:20.000Z'): Znode => ({ data, version: 0, czxid: '1', mzxid: '1', modified, owner: '' })
  const relinquish = (epoch: number | null, modified?: string) => znode(JSON.stringify({ epoch, direction: 'relinquish', step: 2, of: 2, resource: null, released: ['ip', 'dhcp'], since: '', error: null }), modified)
  const course = (name: string, since: string, seconds: number, epoch = 3, state = 'released') => ({ name, state, since, seconds, epoch })
  const resources = (...list: readonly object[]) => znode(JSON.stringify({ resources: list }))
  const both = resources(course('ip', '2026-01-01T00:05:04.000Z', 1), course('dhcp', '2026-01-01T00:05:03.000Z', 2))
  t.equal(beganLastRelease(relinquish(3), both), '2026-01-01T00:00:17.000Z', 'whatever its own clock says')
  t.equal(beganLastRelease(relinquish(null), both), '2026-01-01T00:00:17.000Z')
  t.equal(beganLastRelease(relinquish(4), both), null, 'of another transition')
  t.equal(beganLastRelease(relinquish(3), resources(course('ip', '2026-01-01T00:05:04.000Z', 1, 3, 'held'))), null)
  t.equal(beganLastRelease(relinquish(3), undefined), null)
  t.equal(beganLastRelease(undefined, both), null)
  t.equal(beganLastRelease(znode('{"direction":"start"}'), both), null)
  t.equal(beganLastRelease(relinquish(3, 'once'), both), null, 'no date')
})
