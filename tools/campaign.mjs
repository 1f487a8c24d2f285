/**
 * `npm run campaign -- NAME`: one of the longer checks, with its own set-up, build and time limit. `--list` tells what there is.
 * The environment is handed on, so that a campaign's own variables can be set (`SIEGE='never reads' npm run campaign -- siege`). Exits as the campaign does.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** What it shows; the test files below dist/test; its limit in seconds; programs that the set-up installs for it; its environment. */
const campaigns = {
  alerts: { shows: 'every alert fires and ends as its rule says', files: ['examples/alerts'], limit: 120, needs: ['prometheus'] },
  'broken-resource': { shows: 'resources that fail, hang and come back, on processes', files: ['end-to-end/resources/broken-resource'], limit: 3_600 },
  collectors: { shows: 'collectors that hang, spin, flood and fork beside the keepalive', files: ['end-to-end/daemon/misbehaving-collectors'], limit: 600 },
  commands: { shows: 'every command of the pages, on a cluster', files: ['docs/commands'], limit: 1_300 },
  conditions: { shows: 'every condition on every surface (status page and alert too), while it is so and then no more', files: ['pvcapid/conditions'], limit: 900, needs: ['chromium', 'prometheus'] },
  contention: { shows: '200 contentions of processes: one winner each', files: ['end-to-end/switchover/contention.test.js'], limit: 3_600, env: { CONTENTION_ROUNDS: '200' } },
  crowd: { shows: 'thousands of clients that wait at one API', files: ['pvcapid/http/crowd'], limit: 600 },
  'cut-off': { shows: 'primaries that lose the network', files: ['end-to-end/zookeeper/cut-off'], limit: 7_200 },
  examples: { shows: 'every example, on a cluster', files: ['examples/examples'], limit: 600 },
  fencing: { shows: 'deaths of processes and hosts, and fences that fail', files: ['end-to-end/fencing/fencing'], limit: 3_600, needs: ['faketime'] },
  'first-starts': { shows: '200 first starts of nodes with collectors beside load: no check without data, whenever a client looks', files: ['end-to-end/daemon/first-starts.test.js'], limit: 3_600, env: { FIRST_STARTS: '200' } },
  'floating-address': { shows: 'floating addresses in network namespaces: silence, duplicates, the host\'s own addresses', files: ['end-to-end/resources/floating-address'], limit: 3_600, needs: ['ping'] },
  fuzz: { shows: 'a million requests against the description', files: ['pvcapid/http/fuzz'], limit: 3_600 },
  haproxy: { shows: 'the HAProxy examples through switchovers', files: ['examples/haproxy'], limit: 1_000, needs: ['haproxy'] },
  moving: { shows: 'an address that moves under load', files: ['end-to-end/resources/moving-address'], limit: 300 },
  outage: { shows: 'an API whose ZooKeeper stands still', files: ['pvcapid/services/paused'], limit: 300 },
  package: { shows: 'the Debian package installed, used, upgraded and purged; the npm package installed and patched', files: ['packaging/deb', 'packaging/install'], limit: 1_200 },
  'page-cost': { shows: 'what the status page costs a browser with 1,000 hypervisors', files: ['pvcapid/pages/many-hypervisors'], limit: 300, needs: ['chromium'] },
  pages: { shows: 'status page and Swagger UI in Chromium: origins, proxies, HTTPS', files: ['pvcapid/pages/pages', 'pvcapid/pages/states', 'pvcapid/access/sites'], limit: 300, needs: ['chromium', 'nginx', 'haproxy'] },
  paused: { shows: 'switchovers while ZooKeeper stands still for 60 s', files: ['end-to-end/zookeeper/paused-zookeeper'], limit: 300 },
  'pvc-peer': { shows: 'handovers to PVC nodes and back, keys changed meanwhile, deaths and fences of either kind', files: ['end-to-end/switchover/pvc-peer.test.js', 'end-to-end/fencing/pvc-peer'], limit: 7_200, env: { PVC_PEER_ROUNDS: '50' } },
  shutdown: { shows: 'orderly ends beside slow resources', files: ['end-to-end/daemon/slow-shutdown'], limit: 400 },
  siege: { shows: 'the API under attack, with a well-behaved client beside it', files: ['pvcapid/http/siege'], limit: 1_800 },
  'silent-server': { shows: 'servers of an ensemble stopped, cut off and killed under a primary', files: ['end-to-end/zookeeper/silent-server'], limit: 7_200 },
  'stock-client': { shows: 'that PVC\'s client can format every reply, on 10,000 broken trees', files: ['routes/stock-client.test.js'], limit: 3_600, env: { STOCK_CLIENT_TREES: '10000' } },
}

const list = () => Object.entries(campaigns).map(([name, { shows }]) => `  ${name.padEnd(18)}${shows}`).join('\n')

/** Ends with the status of the first program that fails. */
function run (program, args, env = {}) {
  const { status, error } = spawnSync(program, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  if (status === 0) return
  if (error !== undefined) console.error(`campaign: ${program} could not be run: ${error.message}`)
  process.exit(status ?? 1)
}

const [name, ...rest] = process.argv.slice(2)
if (name === '--list' || name === '--help') {
  console.log(`npm run campaign -- NAME\n\n${list()}`)
  process.exit(0)
}
const campaign = Object.hasOwn(campaigns, name ?? '') ? campaigns[name] : undefined
if (campaign === undefined || rest.length > 0) {
  console.error(name === undefined ? 'campaign: say which one.' : campaign === undefined ? `campaign: there is no campaign "${name}".` : `campaign: "${rest.join(' ')}" is too much; settings of a campaign are environment variables.`)
  console.error(`There are:\n${list()}`)
  process.exit(64)
}
run('sh', ['tools/setup.sh', ...campaign.needs ?? []])
run('npm', ['run', '--silent', 'build'])
run(join('node_modules', '.bin', 'tap'), [`--timeout=${campaign.limit}`, ...campaign.files.map((file) => join('dist', 'test', file.endsWith('.js') ? file : `${file}.campaign.js`))], campaign.env)
