/** Programs that are started before an acquisition and wait for it, with the real ones, on hosts that are network namespaces. */
import t from 'tap'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { FloatingIp } from '../../../src/pvcnoded/resources/floating-ip.ts'
import { StandingCommand } from '../../../src/pvcnoded/resources/standing-command.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { createCommandRunner, type CommandOutcome, type CommandRequest, type CommandRunner } from '../../../src/runtime/process/command.ts'
import { packageFolder } from '../../../src/runtime/process/package-folder.ts'
import { networkHosts, type NetworkHost } from '../../support/network/network-host.ts'
import { eventually } from '../../support/zookeeper.ts'

const commands = createCommandRunner(systemClock)
const { signal } = new AbortController()
const minute = 60_000
const FAMILIES = [['10.213.9.254', 24], ['fd00:9::fe', 64]] as const

/** A runner that notes what it has started, and what became of that. */
function noted (runner: CommandRunner) {
  const started: string[] = []
  const ended: Array<readonly [command: string, outcome: CommandOutcome['kind']]> = []
  return {
    started,
    ended,
    runner: {
      async run (request: CommandRequest) {
        const command = request.argv.join(' ')
        started.push(command)
        const outcome = await runner.run(request)
        ended.push([command, outcome.kind])
        return outcome
      },
    },
  }
}

t.test('a command stands by until it has its line', async (t) => {
  const standBy = (script: string) => new StandingCommand(['sh', '-c', script], { clock: systemClock, commands })
  const asked = standBy('read line && echo "got $line"')
  t.notOk(asked.isOver)
  t.strictSame(await asked.run('a line', { timeout: minute, signal }), { kind: 'exited', code: 0, stdout: 'got a line\n', stderr: '' })
  t.ok(asked.isOver)
  const dropped = standBy('read line && echo "got $line"')
  await dropped.drop()
  t.ok(dropped.isOver)
  t.match(await dropped.run('a line', { timeout: minute, signal }), { kind: 'timed_out' }, 'it is not started again')
  t.match(await standBy('read line; exec sleep 60').run('', { timeout: 1, signal }), { kind: 'timed_out' })
  const aborted = new AbortController()
  const running = standBy('read line; exec sleep 60').run('', { timeout: minute, signal: aborted.signal })
  aborted.abort()
  t.match(await running, { kind: 'aborted' })
  t.match(await standBy('exec 0<&-; sleep 0.1; exit 7').run('nobody reads it', { timeout: minute, signal }), { kind: 'exited', code: 7 })
})

t.test('the announcement that stands by sends nothing without its line', async (t) => {
  const [a] = networkHosts(t, ['a'], '10.213.9') as [NetworkHost]
  const sent = () => /TX:.*\n\s*(\d+)\s+(\d+)/.exec(a.ip('-s', 'link', 'show', 'eth0'))?.[2]
  a.ip('address', 'add', '10.213.9.254/24', 'dev', 'eth0')
  const announce = (...more: string[]) => execFileSync('ip', ['netns', 'exec', a.namespace, 'perl', '-w', join(packageFolder(), 'libexec', 'neighbour'), 'announce', 'eth0', '10.213.9.254', ...more], { input: '', encoding: 'utf8' })
  // Nothing else of this host sends any more.
  execFileSync('ip', ['netns', 'exec', a.namespace, 'sysctl', '-q', '-w', 'net.ipv6.conf.eth0.disable_ipv6=1'])
  let quiet = sent()
  await eventually(() => {
    const before = quiet
    quiet = sent()
    return before === quiet
  })
  t.equal(announce('-'), '')
  t.equal(sent(), quiet)
  t.equal(announce(), '')
  t.not(sent(), quiet, 'without the word it waits for none')
})

t.test('an acquisition starts no program before clients can reach the address', async (t) => {
  const [a, b] = networkHosts(t, ['a', 'b'], '10.213.9') as [NetworkHost, NetworkHost]
  const own = /link\/ether (\S+)/.exec(a.ip('link', 'show', 'eth0'))?.[1] ?? ''
  for (const [address, prefix] of FAMILIES) {
    const { started, ended, runner } = noted(a.runner(commands))
    const vip = new FloatingIp({ type: 'floating-ip', name: 'vip', address, prefix, device: 'eth0', acquireTimeout: 20_000, releaseTimeout: 20_000, retries: 0, checkInterval: 20_000 }, { clock: systemClock, commands: runner })
    const adds = (command: string) => /ip -batch|address replace/.test(command)
    const announces = (command: string) => /neighbour announce/.test(command)
    const acquire = async (handedOver = true) => await vip.attempt('acquire', { epoch: 1, signal, handedOver })
    const release = async () => await vip.attempt('release', { epoch: 1, signal })

    vip.standBy()
    t.strictSame(started, [], `${address}: the device is not known yet`)
    t.same(await vip.attempt('ready', { epoch: null, signal }), { kind: 'done' })
    started.length = 0
    vip.standBy()
    vip.standBy()
    t.equal(started.length, 2, 'twice is once')
    t.ok(started.some(adds) && started.some(announces))
    t.notOk(a.has(address), 'nothing is changed by it')

    b.ip('neighbor', 'replace', address, 'lladdr', '02:00:00:00:00:01', 'nud', 'stale', 'dev', 'eth0')
    started.length = 0
    t.same(await acquire(), { kind: 'done' })
    t.ok(a.has(address))
    t.notOk(started.some(adds), 'what adds it was there')
    await eventually(() => b.ip('neighbor', 'show', address).includes(own))
    t.same(await release(), { kind: 'done' })

    started.length = 0
    ended.length = 0
    vip.standBy()
    await vip.standDown()
    t.strictSame(ended.map(([command, kind]) => [adds(command) ? 'adds' : 'announces', kind]).toSorted(), [['adds', 'aborted'], ['announces', 'aborted']])
    t.notOk(a.has(address))
    started.length = 0
    t.same(await acquire(), { kind: 'done' })
    t.ok(started.some(adds), 'without them it is done all the same')
    ended.length = 0
    vip.standBy()
    await release()
    t.equal(ended.filter(([, kind]) => kind === 'aborted').length >= 2, true, 'a release ends them')

    vip.standBy()
    for (const pid of a.pids) process.kill(pid, 'SIGKILL')
    await eventually(() => ended.filter(([, kind]) => kind === 'signal').length >= 2)
    started.length = 0
    t.same(await acquire(false), { kind: 'done' })
    t.ok(a.has(address) && started.some(adds), 'programs that have ended are started again')
    t.same(await release(), { kind: 'done' })
  }
})
