/** The fencing agents: commands as real processes, and `ipmitool` against the simulated management controller of Debian's openipmi. */
import t, { type Test } from 'tap'
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandAgent } from '../../../src/pvcnoded/fencing/command-agent.ts'
import { hostAndPort, ipmiAgent } from '../../../src/pvcnoded/fencing/ipmi-agent.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { createCommandRunner, type CommandOutcome, type CommandRunner } from '../../../src/runtime/process/command.ts'

const commands = createCommandRunner(systemClock)
const signal = new AbortController().signal

t.test('a command: exit 0 in time confirms, nothing else does', async (t) => {
  const log = join(t.testdir(), 'log')
  const fence = async (script: string, timeout = 20_000) => await commandAgent({ command: ['sh', '-c', script, 'sh', 'x-{node}'], timeout }, commands).fence({ node: 'hv2', ipmi: null, epoch: 7 }, signal)
  t.same(await fence(`echo "$1 $PVC_NODE $PVC_ACTION $PVC_EPOCH" > ${log}`), { confirmed: true, message: 'The fencing command confirmed it.' })
  t.equal(readFileSync(log, 'utf8'), 'x-hv2 hv2 fence 7\n')
  t.same(await fence('exit 3'), { confirmed: false, message: 'The fencing command exited with 3.' })
  t.same(await fence('kill -9 $$'), { confirmed: false, message: 'The fencing command was ended by SIGKILL.' })
  t.same(await fence('sleep 30', 100), { confirmed: false, message: 'The fencing command did not end within 0.1 s and was killed.' })
  t.same(await fence('head -c 90000 /dev/zero; exit 0'), { confirmed: true, message: 'The fencing command confirmed it.' }, 'how much it prints does not matter')
  t.match(await commandAgent({ command: ['/nowhere'], timeout: 100 }, commands).fence({ node: 'hv2', ipmi: null, epoch: null }, signal), { confirmed: false, message: /could not be started/ })
  const aborted = new AbortController()
  aborted.abort()
  t.match(await commandAgent({ command: ['true'], timeout: 100 }, commands).fence({ node: 'hv2', ipmi: null, epoch: null }, aborted.signal), { confirmed: false })
})

t.test('a command: probed without fencing', async (t) => {
  const log = join(t.testdir(), 'log')
  const probe = async (command: string[], probe?: string[]) => await commandAgent({ command, probe, timeout: 20_000 }, commands).probe({ node: 'hv2', ipmi: null, epoch: 7 }, signal)
  t.same(await probe(['sh', '-c', `echo fenced > ${log}`]), { works: true, message: 'The fencing command can be started.' })
  t.same(await probe(['/nowhere/fence', '{node}']), { works: false, message: 'The fencing command cannot be started: /nowhere/fence does not exist.' })
  t.same(await probe(['sh'], ['sh', '-c', `echo "$1 $PVC_NODE $PVC_ACTION" > ${log}`, 'sh', 'x-{node}']), { works: true, message: 'The probe command exited with 0.' })
  t.equal(readFileSync(log, 'utf8'), 'x-hv2 hv2 probe\n')
  t.same(await probe(['sh'], ['sh', '-c', 'echo unplugged >&2; exit 3']), { works: false, message: 'The probe command exited with 3: unplugged.' })
})

/** A simulated machine: the file `power` holds `power:1` or `power:0`, `calls` what it was told. `obeys`: it does as it is told. */
async function controller (t: Test, { obeys = { off: true, on: true } } = {}) {
  const folder = t.testdir()
  const probe = createSocket('udp4').bind(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  mkdirSync(join(folder, 'state'))
  writeFileSync(join(folder, 'power'), 'power:1\n')
  writeFileSync(join(folder, 'chassis'), `#!/bin/sh
case "$1 $2" in
  "get power") cat ${folder}/power ;;
  "set power") echo "$3" >> ${folder}/calls; ${[...obeys.off ? [0] : [], ...obeys.on ? [1] : []].map((power) => `[ "$3" != ${power} ] || echo power:${power} > ${folder}/power`).join('; ')} ;;
esac
`)
  chmodSync(join(folder, 'chassis'), 0o755)
  writeFileSync(join(folder, 'lan.conf'), `name "bmc"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 ${port}
    priv_limit admin
    allowed_auths_callback md5
    allowed_auths_user md5
    allowed_auths_operator md5
    allowed_auths_admin md5
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "${folder}/chassis"
  user 2 true "fencer" "sesame" admin 10 md5
`)
  writeFileSync(join(folder, 'bmc.emu'), 'mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nsel_enable 0x20 1000 0x0a\nmc_enable 0x20\n')
  const child = spawn('ipmi_sim', ['-c', join(folder, 'lan.conf'), '-f', join(folder, 'bmc.emu'), '-s', join(folder, 'state'), '-n'], { stdio: 'ignore' })
  await once(child, 'spawn').catch(() => { throw new Error('ipmi_sim is missing: install Debian\'s openipmi') })
  t.teardown(async () => {
    if (child.kill('SIGKILL')) await once(child, 'exit')
  })
  const argvs: string[] = []
  const watched: CommandRunner = { run: async (request) => { argvs.push(request.argv.join(' ')); return await commands.run(request) } }
  const fence = async (password = 'sesame', timeout = 20_000, host = `127.0.0.1:${port}`) =>
    await ipmiAgent({ timeout, cipherSuite: 3 }, { clock: systemClock, commands: watched }).fence({ node: 'hv2', ipmi: { host, username: 'fencer', password }, epoch: 1 }, signal)
  const ask = async (password = 'sesame', username = 'fencer', privilege?: string) =>
    await ipmiAgent({ timeout: 20_000, cipherSuite: 3, privilege }, { clock: systemClock, commands: watched }).probe({ node: 'hv2', ipmi: { host: `127.0.0.1:${port}`, username, password }, epoch: 1 }, signal)
  const calls = () => existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') : []
  return { fence, ask, calls, argvs, pause: () => child.kill('SIGSTOP') }
}

t.test('ipmi: off, seen to be off, on, seen to be on', async (t) => {
  const { fence, calls, argvs } = await controller(t)
  t.same(await fence(), { confirmed: true, message: 'hv2 was powered off and on again.' })
  t.same([calls()[0], calls().at(-1)], ['0', '1'])
  t.notMatch(argvs.join('\n'), 'sesame', 'the password is on no command line')
})

t.test('ipmi: what is not seen to be off is not confirmed', async (t) => {
  const disobedient = await controller(t, { obeys: { off: false, on: true } })
  t.match(await disobedient.fence('sesame', 2_500), { confirmed: false, message: /was not seen to be off: .*did not obey: the power is still on/ })
  t.ok(disobedient.calls().length > 1 && disobedient.calls().every((call) => call === '0'), 'told again and again, and never to switch on')
})

t.test('ipmi: off but not on again is fenced all the same', async (t) => {
  const { fence } = await controller(t, { obeys: { off: true, on: false } })
  t.same(await fence('sesame', 2_500), { confirmed: true, message: 'hv2 was powered off, and did not come on again.' })
})

t.test('ipmi: a wrong password, a controller that does not answer, and none at all', async (t) => {
  const { fence, calls, pause } = await controller(t)
  t.match(await fence('guess', 1_500), { confirmed: false, message: /refused the user name or the password/ })
  t.same(calls(), [])
  pause()
  t.match(await fence('sesame', 1_500), { confirmed: false, message: /did not answer/ })
  t.match(await ipmiAgent({ timeout: 1_000, cipherSuite: undefined }, { clock: systemClock, commands }).fence({ node: 'hv2', ipmi: null, epoch: 1 }, signal), { confirmed: false, message: /has published no address/ })
})

t.test('ipmi: probed, with each cause told apart', async (t) => {
  const { ask, calls, argvs, pause } = await controller(t)
  t.same(await ask(), { works: true, power: 'on', message: 'its management controller says that the power is on.' })
  t.same(await ask('guess'), { works: false, message: 'The management controller of hv2 refused the user name or the password.' })
  t.same(await ask('sesame', 'nobody'), { works: false, message: 'The management controller of hv2 refused the user name or the password.' })
  await ask('sesame', 'fencer', 'operator')
  t.match(argvs.at(-1), / -L OPERATOR /)
  pause()
  t.same(await ask(), { works: false, message: 'The management controller of hv2 did not answer.' })
  t.same(calls(), [], 'the power was never touched')
  t.match(await ipmiAgent({ timeout: 1_000, cipherSuite: 3 }, { clock: systemClock, commands }).probe({ node: 'hv2', ipmi: null, epoch: 1 }, signal), { works: false, message: /has published no address/ })
  t.notMatch(argvs.join('\n'), 'sesame')
})

t.test('ipmi: what came instead of an answer', async (t) => {
  const said = async (outcome: CommandOutcome) => {
    const agent = ipmiAgent({ timeout: 1_000, cipherSuite: 3 }, { clock: systemClock, commands: { run: async () => outcome } })
    const { works, message } = await agent.probe({ node: 'hv2', ipmi: { host: 'bmc', username: 'fencer', password: 'sesame' }, epoch: 1 }, signal) ?? { works: true, message: '' }
    t.equal(works, false)
    return message
  }
  const exited = (code: number, stdout: string, stderr = ''): CommandOutcome => ({ kind: 'exited', code, stdout, stderr })
  const hv2 = 'The management controller of hv2'
  t.equal(await said(exited(0, '')), `${hv2} was asked, and ipmitool printed nothing instead of the state of the power.`)
  t.equal(await said(exited(0, 'Chassis Power is unknown\u202e\n')), `${hv2} was asked, and ipmitool printed "Chassis Power is unknown" instead of the state of the power.`)
  t.match(await said(exited(0, `${'x'.repeat(1_500)} the end`)), /printed "x+ … x+ the end" instead of the state of the power\.$/)
  t.equal(await said({ kind: 'signal', signal: 'SIGSEGV' }), `${hv2} could not be asked: ipmitool was ended by SIGSEGV.`)
  t.equal(await said({ kind: 'signal', signal: 'SIGABRT', stderr: 'sesame overflow\n' }), `${hv2} could not be asked: ipmitool was ended by SIGABRT: "[hidden] overflow".`)
  t.equal(await said({ kind: 'timed_out' }), `${hv2} did not answer.`)
  t.equal(await said({ kind: 'failed_to_start', message: 'spawn ipmitool ENOENT' }), `${hv2} could not be asked: ipmitool could not be started: spawn ipmitool ENOENT.`)
  t.equal(await said(exited(1, '', 'ipmitool: lanplus: no such interface\n')), `${hv2} could not be asked: ipmitool exited with 1: "ipmitool: lanplus: no such interface".`)
  t.equal(await said(exited(1, '')), `${hv2} could not be asked: ipmitool exited with 1.`)
  t.equal(await said(exited(1, '', 'Error: Unable to establish IPMI v2 / RMCP+ session\n')), `${hv2} did not answer, or refused the user name or the password.`)
})

t.test('ipmi: hosts with and without a port', async (t) => {
  t.same(['bmc', 'bmc:623', '10.0.0.1:623', 'fd77::1', '[fd77::1]', '[fd77::1]:6230'].map(hostAndPort),
    [['bmc', undefined], ['bmc', '623'], ['10.0.0.1', '623'], ['fd77::1', undefined], ['fd77::1', undefined], ['fd77::1', '6230']])
})
