# One of several that want a lock, with kazoo: kazoo-lock.py SERVER PATH; a line is how often. As lock-contender.ts does it.
import sys
try:
    from kazoo.client import KazooClient
    from kazoo.exceptions import NodeExistsError
except ImportError:
    sys.exit("kazoo is missing: apt install python3-kazoo")

zk = KazooClient(hosts=sys.argv[1], timeout=10)
zk.start()
zk.ensure_path(sys.argv[2])
lock = zk.Lock(sys.argv[2], "kazoo")
print("{}", flush=True)
for line in sys.stdin:
    crowded = 0
    for count in range(int(line)):
        with lock:
            try:
                zk.create(sys.argv[2] + "-inside", b"", ephemeral=True)
                zk.delete(sys.argv[2] + "-inside")
            except NodeExistsError:
                crowded += 1
    print("%d times, %d not alone" % (int(line), crowded), flush=True)
