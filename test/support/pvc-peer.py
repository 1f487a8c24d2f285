"""
A PVC coordinator as its peers meet it, with kazoo: a whole process that can be killed. Written from what such a daemon was seen to do, not from its code.

- At its start it reads the schema versions of every node and ends at one that does not say. It raises the cluster's version once every node could.
- Handovers in phases A to G of the sync lock: the taker writes A, reads B and writes C to G; the one that releases does the reverse.
- As the taker it writes `takeover` first and then waits for the lock of the key, for as long as that takes.
- It contends for a free key once, for 0.4 s, from the listener that told it of that.
- Its keepalive, while it is primary and the key names another node, writes the key: what it has read, or its own name (`rewrites`).
- It fences nodes in `run` whose keepalive is old by its own clock. Whatever the fence comes to it writes `secondary` and frees the key; after one that
  worked it writes `fenced`, takes the node's domains and zeroes its figures.

SETTINGS: name, folder, script, keepalive (s), rewrites (value, own, never), fence (command or null), contends, schema, settle (s).
"""
import os, signal, subprocess, threading, time
from kazoo.exceptions import LockTimeout, NoNodeError
from kazoo.recipe import lock as kazoo_lock
from kazoo.retry import ForceRetryError

KEY, SYNC, ME = "/config/primary_node", "/config/primary_node/sync_lock", SETTINGS["name"]
# Seconds from the decision to the first step of a takeover or a release, as PVC has them.
TRANSITION_DELAY = 0.5
state = "secondary"
stopping = threading.Event()
wake = threading.Event()


def of(node, child):
    return "/nodes/" + node + "/" + child


def read(path, notice=None):
    try:
        return zk.get(path, watch=notice)[0].decode()
    except NoNodeError:
        return None


def put(path, value):
    zk.ensure_path(path)
    zk.set(path, value.encode())


def enter(name):
    global state
    put(of(ME, "routerstate"), name)
    state = name


def effect(action, resource):
    subprocess.run(["sh", SETTINGS["script"], SETTINGS["folder"]], env={**os.environ, "PVC_NODE": ME, "PVC_ACTION": action, "PVC_RESOURCE": resource}, check=True)


def nodes():
    return zk.get_children("/nodes")


def check_schema():
    for node in nodes():
        for child in ("activeschema", "latestschema"):
            if node != ME and not (read(of(node, child)) or "").isdigit():
                raise SystemExit(of(node, child) + " is no number")


def raise_schema():
    latest = [int(read(of(node, "latestschema"))) for node in nodes()]
    if min(latest) > int(read("/schema/version") or "0"):
        put("/schema/version", str(min(latest)))
        put(of(ME, "activeschema"), str(min(latest)))


def register():
    zk.ensure_path("/nodes/" + ME)
    first = {"": "coordinator", "daemonmode": "coordinator", "daemonstate": "init", "routerstate": "secondary", "domainstate": "ready", "keepalive": str(int(time.time())),
             "activeschema": read("/schema/version") or "0", "latestschema": str(SETTINGS["schema"]), "monitoring_health": "100", "memfree": "1024"}
    transaction = zk.transaction()
    for child, value in first.items():
        path = of(ME, child).rstrip("/")
        (transaction.set_data if zk.exists(path) else transaction.create)(path, value.encode())
    for result in transaction.commit():
        if isinstance(result, Exception):
            raise result


class ReadLock(kazoo_lock.ReadLock):
    """kazoo's own waits for the last writer in line, also for one behind it, which waits for this reader. PVC's pauses keep its phases apart; here there are none."""

    def _get_predecessor(self, node):
        children = zk.get_children(self.path)
        if node not in children:
            raise ForceRetryError()
        return max((child for child in children if "__lock__" in child and child[-10:] < node[-10:]), key=lambda child: child[-10:], default=None)


def read_lock(path):
    return ReadLock(zk, path)


def phase(make, letter, work=lambda: None):
    lock = make(SYNC)
    if not lock.acquire(timeout=60):
        raise SystemExit("phase " + letter + " was never had")
    work()
    lock.release()


def others_that_hold(notice):
    return [node for node in nodes() if node != ME and read(of(node, "routerstate"), notice) in ("primary", "relinquish")]


def until_the_other_is_in_line():
    # PVC keeps its first phase so long that the other side can queue up for the next one; here until it has.
    while True:
        changed = threading.Event()
        notice = lambda event: changed.set()
        queued = len(zk.get_children(SYNC, watch=notice)) > 1
        if queued or not others_that_hold(notice):
            return
        if not changed.wait(60):
            raise SystemExit("no other node queued for phase B within 60 s")


def take():
    enter("takeover")
    say("takeover")
    with zk.Lock(KEY, ME):
        phase(zk.WriteLock, "A", until_the_other_is_in_line)
        phase(read_lock, "B")
        phase(zk.WriteLock, "C", lambda: effect("acquire", "address"))
        phase(zk.WriteLock, "D", lambda: effect("acquire", "service"))
        for letter in "EFG":
            phase(zk.WriteLock, letter)
        time.sleep(SETTINGS["settle"])
        enter("primary")
    say("primary")


def release():
    enter("relinquish")
    phase(read_lock, "A")
    phase(zk.WriteLock, "B", lambda: [effect("release", resource) for resource in ("service", "address")])
    for letter in "CDEFG":
        phase(read_lock, letter)
    enter("secondary")
    say("secondary")


def contend():
    lock = zk.Lock(KEY, ME)
    try:
        lock.acquire(timeout=0.4)
    except LockTimeout:
        return
    if read(KEY) == "none":
        put(KEY, ME)
    lock.release()


def follow():
    while not stopping.is_set():
        wake.wait()
        wake.clear()
        value = read(KEY)
        if value == ME and state == "secondary":
            time.sleep(TRANSITION_DELAY)
            take()
            # The key may have changed meanwhile. After a release it does not look again.
            wake.set()
        elif value != ME and state == "primary":
            time.sleep(TRANSITION_DELAY)
            release()


def beat():
    while not stopping.is_set():
        put(of(ME, "keepalive"), str(int(time.time())))
        if read(of(ME, "daemonstate")) != "run":
            put(of(ME, "daemonstate"), "run")
        value = read(KEY)
        if state == "primary" and value != ME and SETTINGS["rewrites"] != "never":
            put(KEY, value if SETTINGS["rewrites"] == "value" else ME)
            say("rewritten " + value)
        if SETTINGS["fence"] is not None:
            for node in nodes():
                if node != ME and is_stale(node):
                    judge(node)
        stopping.wait(SETTINGS["keepalive"])


def is_stale(node):
    return read(of(node, "daemonstate")) == "run" and time.time() - float(read(of(node, "keepalive")) or 0) > 7 * SETTINGS["keepalive"]


def judge(node):
    with zk.Lock("/config/fence_lock", ME):
        if read("/config/maintenance") == "true" or not is_stale(node):
            return
        put(of(node, "daemonstate"), "dead")
    # Without the lock, and beside the keepalive, for as long as the fence takes.
    guarded(lambda: fence(node)).start()


def fence(node):
    say("fencing " + node)
    works = subprocess.run([*SETTINGS["fence"], node]).returncode == 0
    if works:
        put(of(node, "daemonstate"), "fenced")
    put(of(node, "routerstate"), "secondary")
    if read(KEY) == node:
        put(KEY, "none")
    if not works:
        return
    for domain in zk.get_children("/domains") if zk.exists("/domains") else ():
        if read("/domains/" + domain + "/node") == node:
            put("/domains/" + domain + "/node", ME)
    for child, value in (("memfree", "0"), ("domainscount", "0"), ("monitoring_health", "None")):
        put(of(node, child), value)


def stop(*_):
    stopping.set()
    wake.set()


signal.signal(signal.SIGTERM, stop)
check_schema()
# Its machine has been off: it holds nothing.
for each in ("service", "address"):
    effect("release", each)
zk.ensure_path(SYNC)
register()
raise_schema()
put(of(ME, "daemonstate"), "run")


def guarded(work):
    # A thread that fails ends the daemon.
    def run():
        try:
            work()
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
    return threading.Thread(target=run, daemon=True)


follower, beater = guarded(follow), guarded(beat)
beater.start()


@zk.DataWatch(KEY)
def changed(data, stat):
    # In the thread that tells of every change: the release of a lock is not heard of in here, so it has the lock at once or not at all.
    if data == b"none" and state == "secondary" and SETTINGS["contends"] and not stopping.is_set():
        contend()
    wake.set()


follower.start()
stopping.wait()
put(of(ME, "daemonstate"), "shutdown")
beater.join()
follower.join()
if state == "primary":
    if read(KEY) == ME:
        put(KEY, "none")
    time.sleep(TRANSITION_DELAY)
    release()
put(of(ME, "daemonstate"), "stop")
zk.stop()
