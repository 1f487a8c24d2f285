/** PVC coordinators beside ours: `pvc-peer.py` as a process of its own, with what a test wants to be different about it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Cluster } from '../../tools/testbed/cluster.ts'
import { packageFolder } from '../../tools/testbed/daemon-process.ts'
import type { ClusterSnapshot } from '../../src/core/coordinator/coordinator-state.ts'
import { isServing } from '../../src/core/model/member.ts'
import type { Watcher } from './cluster.ts'
import { kazoo, type Kazoo } from './zookeeper.ts'

export interface PvcNodeOptions {
  /** Seconds between keepalives. */
  readonly keepalive?: number
  /** What its keepalive does, while it is primary, to a key that names another node: writes what it has read, or its own name. */
  readonly rewrites?: 'value' | 'own' | 'never'
  /** A program and its arguments, given the node besides; null: it does not fence. */
  readonly fence?: readonly string[] | null
  /** False for one that leaves a free key to the others. */
  readonly contends?: boolean
  /** The newest version of the layout that it knows. */
  readonly schema?: number
  /** Seconds before it is primary. */
  readonly settle?: number
  /** Seconds of its session time-out. */
  readonly session?: number
}

/** Needs the primary key to be there. Ends with the test. What it does it says in lines: `takeover`, `primary`, `secondary`, `fencing hv1`, `rewritten hv1`. */
export async function pvcNode (t: Test, made: Cluster, name: string, { session = 10, ...options }: PvcNodeOptions = {}): Promise<Kazoo> {
  const settings = {
    name, folder: made.folder, script: join(packageFolder(), 'tools', 'testbed', 'exclusive-resource.sh'), keepalive: 1, rewrites: 'value', fence: null, contends: true, schema: 15, settle: 0.1, ...options,
  }
  const program = readFileSync(join(packageFolder(), 'test', 'support', 'pvc-peer.py'), 'utf8')
  const peer = await kazoo(t, made.zookeeper, `import json\nSETTINGS = json.loads(${JSON.stringify(JSON.stringify(settings))})\n${program}`, session)
  peer.process.stderr?.on('data', (text: Buffer) => t.comment(`${name}: ${text.toString().trim()}`))
  return peer
}

/** Milliseconds, at the longest, without a node that is primary and there, since this was made. */
export function longestWithoutPrimary (watcher: Watcher): () => number {
  let since: number | null = null
  let longest = 0
  const look = (view: ClusterSnapshot) => {
    const now = performance.now()
    if (since !== null) longest = Math.max(longest, now - since)
    since = view.members.some((member) => member.coordinatorState === 'primary' && isServing(member)) ? null : since ?? now
  }
  watcher.feed.onView(look)
  return () => {
    if (watcher.feed.view !== null) look(watcher.feed.view)
    return longest
  }
}
