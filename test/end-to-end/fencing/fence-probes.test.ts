/** A fence that would fail is told of before it is needed, and its end as well. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { askApi } from '../../support/api-client.ts'
import { cluster, quick } from '../../support/cluster.ts'
import { eventually } from '../../support/zookeeper.ts'

t.test('a fencing command that is missing', { timeout: 120_000 }, async (t) => {
  const folder = t.testdir()
  const command = join(folder, 'fence')
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1', 'hv2'], ...quick, system: () => ({ fencing: { method: 'command', command: [command, '{node}'] } }) })
  const api = await made.startApi('hv1')
  await watcher.settled()
  const broken = async () => (await askApi<{ fencing: { broken: Array<{ node: string, found_by: string, message: string }> } }>(`${api}/api/v1/status`)).body.fencing.broken
  await eventually(async () => (await broken()).length === 2)
  t.strictSame((await broken()).map(({ node, found_by: by, message }) => [node, by, message]), [['hv1', 'hv2'], ['hv2', 'hv1']].map((pair) => [...pair, `The fencing command cannot be started: ${command} does not exist.`]))
  t.match((await askApi(`${api}/metrics`)).text, /pvc_node_fence_broken\{node="hv1",found_by="hv2"\} 1/)

  writeFileSync(command, '#!/bin/sh\n')
  chmodSync(command, 0o755)
  t.equal(await made.nodes.get('hv2')?.stop(), 0)
  made.startNode('hv2')
  await watcher.sees('hv2 has asked again', ({ members }) => members.some(({ name, presence }) => name === 'hv2' && presence?.brokenFences?.length === 0))
  await eventually(async () => (await broken()).every(({ found_by: by }) => by === 'hv1'))
})
