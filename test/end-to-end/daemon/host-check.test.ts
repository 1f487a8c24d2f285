/** `--check` names what a sound configuration asks for and this machine does not have, before a switchover finds it out. */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { claimSole } from '../../../src/runtime/process/sole-process.ts'
import { packageFolder } from '../../../tools/testbed/daemon-process.ts'
import { networkHosts, type NetworkHost } from '../../support/network/network-host.ts'

const check = (daemon: string, file: string, ...more: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(packageFolder(), 'dist', 'src', daemon, 'main.js'), '--config', file, '--check', ...more], { encoding: 'utf8', timeout: 30_000 })
  return { status, stdout, stderr }
}
const command = { type: 'command', acquire: ['true'], release: ['true'], release_timeout: 0.05 }

t.test('pvcnoded', { timeout: 300_000 }, async (t) => {
  const folder = t.testdir({ plain: '#!/bin/sh\n', deaf: '#!/bin/sh\necho no disk >&2; exit 7\n', scripted: '#!/usr/bin/env no-such-program-here\n' })
  chmodSync(join(folder, 'deaf'), 0o755)
  const scripted = join(folder, 'scripted')
  chmodSync(scripted, 0o755)
  const plain = join(folder, 'plain')
  const nope = join(folder, 'nope', 'job')
  const file = join(folder, 'pvcnoded.yaml')
  const write = (pvc: object) => {
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ pvc: { node: 'hv1', mode: 'coordinator', coordinators: ['127.0.0.1'], ...pvc } }))
    chmodSync(file, 0o600)
  }

  const resources: Array<[what: string, entry: object, said: (name: string) => string]> = [
    ['a device that is not there', { type: 'floating-ip', address: '10.9.8.7/24', device: 'eth99' }, (name) => `The readiness check of ${name} failed: there is no device eth99.`],
    ['the same for IPv6', { type: 'floating-ip', address: 'fd77::7/64', device: 'eth99' }, (name) => `The readiness check of ${name} failed: there is no device eth99.`],
    ['an acquire command that does not exist', { ...command, acquire: [nope, 'on'] }, (name) => `The acquire command of ${name} cannot be started: ${nope} does not exist.`],
    ['a release command that cannot be executed', { ...command, release: [plain] }, (name) => `The release command of ${name} cannot be started: ${plain} cannot be executed by this user.`],
    ['a check that is a folder', { ...command, check: [folder] }, (name) => `The check command of ${name} cannot be started: ${folder} is not a file.`],
    ['acquire and release commands that do not exist', { ...command, acquire: [nope, 'on'], release: [plain] }, (name) => `The acquire command of ${name} cannot be started: ${nope} does not exist. The release command of ${name} cannot be started: ${plain} cannot be executed by this user.`],
    ['a ready command that is not in PATH', { ...command, ready: ['no-such-program-here'] }, (name) => `The ready command of ${name} cannot be started: no-such-program-here is not in PATH.`],
    ['a ready command that says no', { ...command, ready: [join(folder, 'deaf')] }, (name) => `The readiness command of ${name} exited with 7: no disk.`],
    ['a script without its interpreter', { ...command, acquire: [scripted] }, (name) => `The acquire command of ${name} cannot be started: ${scripted} is run by no-such-program-here, which is not in PATH.`],
    ['a unit that is not installed', { type: 'systemd-unit', unit: 'no-such-unit-here.service' }, (name) => `The readiness check of ${name} failed: `],
  ]
  write({
    coordinators: ['127.0.0.1', 'no-such-host.invalid'],
    coordinator: { resources: resources.map(([, entry], index) => ({ name: `r${index}`, release_timeout: 0.05, ...entry })) },
    system: {
      fencing: { method: 'command', command: [nope, '{node}'], probe: [nope], recover: [nope] },
      self_fence: [nope],
      collectors: [{ name: 'raid', command: [nope] }],
      domains: { flush: [nope], unflush: [plain] },
    },
  })
  const wrong = check('pvcnoded', file)
  const warnings = [
    ...resources.map(([what, , said], index) => [what, `pvc.coordinator.resources[${index}]: ${said(`r${index}`)}`] as const),
    ['a server that has no address', 'pvc.coordinators[1]: no-such-host.invalid '],
    ['a fencing command that is missing', `pvc.system.fencing.command: ${nope} does not exist.`],
    ['a fence probe that is missing', `pvc.system.fencing.probe: ${nope} does not exist.`],
    ['a recover command that is missing', `pvc.system.fencing.recover: ${nope} does not exist.`],
    ['a self_fence that is missing', `pvc.system.self_fence: ${nope} does not exist.`],
    ['a collector that is missing', `pvc.system.collectors[0].command: ${nope} does not exist.`],
    ['a flush command that is missing', `pvc.system.domains.flush: ${nope} does not exist.`],
    ['an unflush command that cannot be executed', `pvc.system.domains.unflush: ${plain} cannot be executed by this user.`],
  ] as const
  // The second where the name server of this machine does not answer in time.
  t.match(wrong.stderr, /no-such-host\.invalid (?:has no address|cannot be resolved) here/)
  // All in one line of JSON, each at its own column.
  const places = warnings.map(([what, said]) => {
    const line = wrong.stderr.split('\n').find((each) => each.includes(`: warning: ${said}`)) ?? ''
    t.ok(line.startsWith(`${file}:1:`), `${what}: ${wrong.stderr}`)
    return line.slice(file.length, line.indexOf(': warning'))
  })
  t.equal(new Set(places).size, warnings.length, places.join(' '))
  t.strictSame([wrong.status, wrong.stdout], [0, `${file}: can be used, with ${warnings.length} warnings\n`])
  const strict = check('pvcnoded', file, '--strict')
  t.strictSame([strict.status, strict.stdout, strict.stderr.trimEnd().split('\n').at(-1)], [78, '', `${file}: refused by --strict, with ${warnings.length} warnings`])
  write({ coordinator: { resources: [{ name: 'it', ...command }] } })
  t.strictSame(check('pvcnoded', file), { status: 0, stdout: `${file}: good\n`, stderr: '' })

  const directory = join(folder, 'run')
  mkdirSync(directory)
  chmodSync(directory, 0o777)
  for (const [runDirectory, said] of [[directory, 'can be written to by others (mode 777)'], [join(plain, 'pvc'), 'cannot be made or used (ENOTDIR)'], [plain, 'is not a directory']] as const) {
    write({ system: { run_directory: runDirectory } })
    const { status, stdout, stderr } = check('pvcnoded', file)
    t.strictSame([status, stdout], [78, ''], runDirectory)
    t.ok(stderr.includes(`pvc.system.run_directory: The run-time directory ${runDirectory} ${said}`), stderr)
  }
  write({ system: { run_directory: join(folder, 'not', 'there', 'yet') } })
  t.strictSame(check('pvcnoded', file), { status: 0, stdout: `${file}: good\n`, stderr: '' }, 'the daemon makes it')
})

t.test('pvcapid', { timeout: 120_000 }, async (t) => {
  const file = join(t.testdir(), 'pvcapid.yaml')
  const write = (api: object, coordinators = ['127.0.0.1']) => {
    writeFileSync(file, `${JSON.stringify({ pvc: { coordinators, api } })}\n`)
    chmodSync(file, 0o600)
  }
  const open = { authentication: { enabled: false } }
  for (const address of ['203.0.113.7', '2001:db8::7', 'no-such-host.invalid']) {
    write({ listen_address: address, ...open })
    const { status, stdout, stderr } = check('pvcapid', file)
    t.strictSame([status, stdout], [78, ''], address)
    t.match(stderr, new RegExp(`^${file}:1:\\d+: pvc\\.api\\.listen_address: ${address} cannot be listened on: `, 'm'))
  }
  write(open, ['no-such-host.invalid'])
  t.match(check('pvcapid', file), { status: 0, stderr: /pvc\.coordinators\[0\]: no-such-host\.invalid (?:has no address|cannot be resolved) here/ })
  write(open)
  t.strictSame(check('pvcapid', file), { status: 0, stdout: `${file}: good\n`, stderr: '' })
})

t.test('the examples as they come are not called good', { timeout: 60_000 }, async (t) => {
  const api = check('pvcapid', join(packageFolder(), 'pvcapid.yaml.example'))
  t.match(api, { status: 0, stdout: /can be used, with/, stderr: /tokens\[0\]\.token_sha256: This is the value of the example/ })
  t.match(api.stderr, /pvc\.coordinators\[0\]: hv1 (?:has no address|cannot be resolved) here/)
  const node = check('pvcnoded', join(packageFolder(), 'pvcnoded.yaml.example'))
  t.match(node, { status: 0, stdout: /can be used, with/, stderr: /pvc\.coordinators\[0\]: hv1 (?:has no address|cannot be resolved) here/ })
})

t.test('a floating address that the machine has already, while no daemon runs', { timeout: 120_000 }, async (t) => {
  const [host] = networkHosts(t, ['h']) as [NetworkHost]
  const folder = t.testdir()
  const file = join(folder, 'pvcnoded.yaml')
  const run = join(folder, 'run')
  const write = (address: string) => {
    writeFileSync(file, JSON.stringify({ pvc: { node: 'hv1', mode: 'coordinator', coordinators: ['127.0.0.1'], system: { run_directory: run }, coordinator: { resources: [{ name: 'vip', type: 'floating-ip', address, device: 'eth0', release_timeout: 0.05 }] } } }))
    chmodSync(file, 0o600)
  }
  const said = () => spawnSync('ip', ['netns', 'exec', host.namespace, process.execPath, join(packageFolder(), 'dist', 'src', 'pvcnoded', 'main.js'), '--config', file, '--check'], { encoding: 'utf8', timeout: 30_000 }).stderr
  write(`${host.address}/24`)
  t.match(said(), `resources[0].address: eth0 has ${host.address}/24 now, although no pvcnoded runs with this file. The start of pvcnoded, and each release, would remove it from eth0`)
  t.notOk(existsSync(run), 'and nothing is made by looking')
  const claim = claimSole('pvcnoded', file, run)
  t.equal(said(), '', 'a daemon that runs may hold it')
  claim?.[Symbol.dispose]()
  t.match(said(), /would remove it/, 'the file that it has left says nothing')
  write('10.213.7.254/24')
  t.equal(said(), '')
})
