/**
 * A node that could not acquire its resources is not eligible, and says why, before anything is asked of it. One that finds out only when it is
 * named gives the key back before the former primary has released anything.
 */
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Cluster, ClusterOptions } from '../../../tools/testbed/cluster.ts'
import { packageFolder } from '../../../tools/testbed/daemon-process.ts'
import { askApi, askForSwitchover } from '../../support/api-client.ts'
import { cluster, quick, type Watcher } from '../../support/cluster.ts'
import { eventually } from '../../support/zookeeper.ts'

/** `service` is not ready on a node while there is a file `unready-<node>`; each release, and each check that found it ready, is noted. */
const unreadiable = (checkInterval: number): Pick<ClusterOptions, 'resourceSettings'> => ({
  resourceSettings (folder) {
    const script = join(folder, 'readiness.sh')
    writeFileSync(script, `cd ${folder}
if [ "$PVC_ACTION" = ready ]; then
  if [ "$PVC_RESOURCE" = service ] && [ -e "unready-$PVC_NODE" ]; then echo 'the image is missing' >&2; exit 4; fi
  if [ "$PVC_RESOURCE" = service ]; then echo ready >> "ready-$PVC_NODE"; fi
  exit 0
fi
if [ "$PVC_ACTION" = release ]; then echo "$PVC_RESOURCE" >> "released-$PVC_NODE"; fi
exec sh ${join(packageFolder(), 'tools', 'testbed', 'exclusive-resource.sh')} ${folder}
`)
    return { acquire: ['sh', script], release: ['sh', script], ready: ['sh', script], check_interval: checkInterval }
  },
})

const flag = (made: Cluster, node: string) => join(made.folder, `unready-${node}`)

async function begin (t: Test, checkInterval: number, coordinator: Readonly<Record<string, number>> = {}): Promise<{ made: Cluster, watcher: Watcher, api: string, former: string, other: string }> {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1', 'hv2'], coordinator: { ...quick.coordinator, ...coordinator }, ...unreadiable(checkInterval) })
  const api = await made.startApi('hv1')
  const { name: former } = await watcher.settled()
  const other = former === 'hv1' ? 'hv2' : 'hv1'
  await watcher.sees(`${other} has checked its readiness`, ({ members }) => members.some(({ name, presence }) => name === other && presence?.readiness?.unready.length === 0))
  return { made, watcher, api, former, other }
}

const move = async (api: string, to: string) => await askForSwitchover(api, { to }, '?wait=30')
const eligibility = async (api: string) => (await askApi<ReadonlyArray<{ name: string, eligible: boolean, reasons: ReadonlyArray<{ code: string, message: string }> }>>(`${api}/api/v1/switchover/eligibility`)).body

t.test('what is not ready is known before it is asked for', { timeout: 120_000 }, async (t) => {
  const { made, watcher, api, former, other } = await begin(t, 0.5)
  const before = made.notes(`released-${former}`).length
  writeFileSync(flag(made, other), '')
  await watcher.sees(`${other} is not ready`, ({ members }) => members.some(({ name, presence }) => name === other && presence?.readiness?.unready.length === 1))
  const eligible = async () => (await eligibility(api)).find(({ name }) => name === other)
  await eventually(async () => (await eligible())?.eligible === false)
  const reasons = (await eligible())?.reasons ?? []
  t.match(reasons, [{ code: 'not_ready' }])
  t.match(reasons[0]?.message, /The readiness command of service exited with 4: the image is missing \(since .*, checked every 0\.5 s\)/)

  t.match(await move(api, other), { status: 422, body: { code: 'not_eligible', reasons: { [other]: [{ code: 'not_ready' }] } } })
  t.equal(made.notes(`released-${former}`).length, before, 'nothing was released for it')

  rmSync(flag(made, other))
  await eventually(async () => (await eligible())?.eligible === true)
  t.match(await move(api, other), { status: 200 })
  await watcher.settled(other)
})

/** The named node has this long to find out before the former primary releases anything. The default, half a second, is too short on a busy machine. */
const longDelay = { transition_delay: 8, takeover_start: 20 }

t.test('what turns out when the node is named interrupts nothing', { timeout: 120_000 }, async (t) => {
  const { made, watcher, api, former, other } = await begin(t, 60, longDelay)
  const before = made.notes(`released-${former}`).length
  const checks = made.notes(`ready-${other}`).length
  // The next check is ten seconds away then, unless the node is named.
  await eventually(() => made.notes(`ready-${other}`).length > checks)
  writeFileSync(flag(made, other), '')
  t.match(await move(api, other), { status: 502, body: { code: 'switchover_failed', to: other, outcome: 'failed', error: { code: 'ready_failed', resource: 'service', message: /the image is missing/ } } })
  const settled = await watcher.settled(former)
  t.match(watcher.feed.view?.records.find(({ epoch }) => epoch === settled.epoch), { cause: 'rollback', outcome: 'succeeded' })
  t.equal(made.notes(`released-${former}`).length, before, 'the former primary has released nothing')
  t.same(['address', 'service'].map((resource) => made.holder(resource)), [former, former])
})

t.test('each kind of resource that a host cannot acquire is told by eligibility, and costs no switchover', { timeout: 120_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1'], ...quick })
  const api = await made.startApi('hv1')
  await watcher.settled('hv1')
  const folder = t.testdir({ plain: '#!/bin/sh\n', deaf: '#!/bin/sh\necho no disk >&2; exit 7\n', scripted: '#!/usr/bin/env no-such-program-here\n' })
  for (const name of ['deaf', 'scripted']) chmodSync(join(folder, name), 0o755)
  const command = { type: 'command', acquire: ['true'], release: ['true'], release_timeout: 1 }
  const wrong: ReadonlyArray<[entry: object, said: string]> = [
    [{ type: 'floating-ip', address: '10.9.8.7/24', device: 'eth99' }, 'there is no device eth99'],
    [{ type: 'floating-ip', address: 'fd77::7/64', device: 'eth98' }, 'there is no device eth98'],
    [{ ...command, acquire: [join(folder, 'nope', 'job')] }, `${join(folder, 'nope', 'job')} does not exist`],
    [{ ...command, release: [join(folder, 'plain')] }, `${join(folder, 'plain')} cannot be executed by this user (EACCES)`],
    [{ ...command, check: [folder] }, `${folder} is not a file`],
    [{ ...command, ready: ['no-such-ready-here'] }, 'no-such-ready-here is not in PATH'],
    [{ ...command, ready: [join(folder, 'deaf')] }, 'exited with 7: no disk'],
    [{ ...command, acquire: [join(folder, 'scripted')] }, 'no-such-program-here, which is not in PATH'],
    [{ type: 'systemd-unit', unit: 'no-such-unit-here.service' }, 'no-such-unit-here.service'],
  ]
  for (const [index, [entry]] of wrong.entries()) made.startNode(`hv${index + 2}`, { coordinator: { ...quick.coordinator, resources: [{ name: 'it', ...entry }] } })
  let seen: Awaited<ReturnType<typeof eligibility>> = []
  // A node that cannot release what it might hold does not become secondary; all others have checked whether they are ready.
  for (const [index, [, said]] of wrong.entries()) {
    await eventually(async () => {
      seen = await eligibility(api)
      const { eligible, reasons } = seen.find(({ name }) => name === `hv${index + 2}`) ?? { eligible: true, reasons: [] }
      return !eligible && reasons.some(({ message }) => message.includes(said))
    })
  }
  t.strictSame(seen.filter(({ eligible }) => eligible).map(({ name }) => name), ['hv1'])
  for (const index of wrong.keys()) {
    t.match(await move(api, `hv${index + 2}`), { status: 422, body: { code: /^not_eligible$/ } }, `hv${index + 2}`)
  }
  const { key, records } = await watcher.sees('hv1 as primary', () => true)
  t.strictSame([key?.value, records.map(({ epoch }) => epoch)], ['hv1', [1]], 'nothing was moved')
})
