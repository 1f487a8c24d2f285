/**
 * A PVC coordinator as far as its peers can tell: a Python process that walks through PVC's phases with kazoo. As the taker it holds the exclusive lock of
 * the key, is the writer of phase A, the reader of B and the writer of C to G; as the one that releases it is the reader where the taker writes, and
 * the writer where it reads. Everything of the taker's is acquired from phase C on, everything of the other's is released before the end of B.
 */
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Cluster } from '../../tools/testbed/cluster.ts'
import { packageFolder } from '../../tools/testbed/daemon-process.ts'
import { kazoo } from './zookeeper.ts'

const text = (made: Cluster, name: string) => `
import os, subprocess, threading, time
KEY, SYNC, ME = "/config/primary_node", "/config/primary_node/sync_lock", ${JSON.stringify(name)}

def put(child, value):
    path = "/nodes/" + ME + child
    zk.ensure_path(path)
    zk.set(path, value.encode())

for child, value in (("", "coordinator"), ("/daemonmode", "coordinator"), ("/domainstate", "ready"), ("/routerstate", "secondary"), ("/keepalive", "0"), ("/daemonstate", "run")):
    put(child, value)
zk.ensure_path(SYNC)

def effect(action, resource):
    subprocess.run(["sh", ${JSON.stringify(join(packageFolder(), 'tools', 'testbed', 'exclusive-resource.sh'))}, ${JSON.stringify(made.folder)}],
                   env={**os.environ, "PVC_NODE": ME, "PVC_ACTION": action, "PVC_RESOURCE": resource}, check=True)

def phase(make, letter, work=lambda: None):
    lock = make(SYNC)
    if not lock.acquire(timeout=60):
        raise SystemExit("phase " + letter + " was never had")
    work()
    lock.release()
    print(ME, "phase", letter, flush=True)

def others_that_hold():
    return [name for name in zk.get_children("/nodes") if name != ME and zk.get("/nodes/" + name + "/routerstate")[0] in (b"primary", b"relinquish")]

def until_the_other_is_in_line():
    # PVC keeps its first phase so long that the other side can queue up for the next one; here until it has.
    for _ in range(3000):
        if len(zk.get_children(SYNC)) > 1 or not others_that_hold():
            return
        time.sleep(0.02)
    raise SystemExit("nobody queued up for phase B")

def take():
    lock = zk.Lock(KEY)
    if not lock.acquire(timeout=60):
        raise SystemExit("the lock of the key was never had")
    put("/routerstate", "takeover")
    phase(zk.WriteLock, "A", until_the_other_is_in_line)
    phase(zk.ReadLock, "B")
    phase(zk.WriteLock, "C", lambda: effect("acquire", "address"))
    phase(zk.WriteLock, "D", lambda: effect("acquire", "service"))
    for letter in "EFG":
        phase(zk.WriteLock, letter)
    put("/routerstate", "primary")
    lock.release()

def release():
    put("/routerstate", "relinquish")
    phase(zk.ReadLock, "A")
    phase(zk.WriteLock, "B", lambda: [effect("release", resource) for resource in ("service", "address")])
    for letter in "CDEFG":
        phase(zk.ReadLock, letter)
    put("/routerstate", "secondary")

def beat():
    while True:
        put("/keepalive", str(time.time()))
        time.sleep(1)

threading.Thread(target=beat, daemon=True).start()
wake = threading.Event()

@zk.DataWatch(KEY)
def changed(data, stat):
    wake.set()

state = "secondary"
while True:
    wake.wait()
    wake.clear()
    named = zk.get(KEY)[0].decode() == ME
    if named and state == "secondary":
        take()
        state = "primary"
    elif not named and state == "primary":
        release()
        state = "secondary"
`

/** Needs the primary key to be there. Ends with the test. */
export const pvcNode = async (t: Test, made: Cluster, name: string) => await kazoo(t, made.zookeeper, text(made, name), 10)
