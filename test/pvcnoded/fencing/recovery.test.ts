/** The domains of a fenced node are handed to the command, or named in the log and a fault. */
import t from 'tap'
import { Recovery } from '../../../src/pvcnoded/fencing/recovery.ts'
import type { FoundFault } from '../../../src/core/pvc/fault.ts'
import type { CommandOutcome, CommandRequest } from '../../../src/runtime/process/command.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { createLogger } from '../../../src/runtime/log/log.ts'
import { connect, eventually, zookeeper } from '../../support/zookeeper.ts'

t.test('domains of a fenced node', async (t) => {
  const session = await connect(t, await zookeeper(t))
  const lines: string[] = []
  const asked: CommandRequest[] = []
  const faults: FoundFault[] = []
  const answers: { outcome: CommandOutcome } = { outcome: { kind: 'exited', code: 0, stdout: '', stderr: '' } }
  const recovery = (command: readonly string[] | undefined) => new Recovery({
    session,
    commands: { run: async (request) => { asked.push(request); return answers.outcome } },
    log: createLogger({ name: 'pvcnoded', level: 'info', clock: systemClock, destination: { write: (line: string) => { lines.push(line) } } }),
    command,
    timeout: 1_000,
    onFault: (fault) => faults.push(fault),
  })
  const run = async (command: readonly string[] | undefined, node = 'hv1') => {
    const one = recovery(command)
    one.begin(node)
    const before = lines.length
    await eventually(() => lines.length > before && lines.at(-1)?.includes('recovering') !== true)
    await one.stop()
    one.begin(node)
    await one.stop()
  }
  for (const [uuid, name, node] of [['u1', 'web1', 'hv1'], ['u2', '', 'hv1'], ['u3', 'db1', 'hv2'], ['u4', 'old1', 'hv1']] as const) {
    await session.ensurePath(`/domains/${uuid}`)
    await session.set(`/domains/${uuid}`, name, 0)
    await session.create(`/domains/${uuid}/node`, node)
  }
  await session.create('/domains/u4/state', 'stop')
  await run(undefined)
  t.match(lines.at(-1), /hv1 was fenced with domains on it, and no fencing\.recover is configured.*: web1, u2/)
  t.strictSame(faults, [{ kind: 'domains_left', node: 'hv1', detail: 'web1, u2' }])
  t.strictSame(asked, [])
  await run(['recover', '{node}'])
  t.match(asked, [{ argv: ['recover', 'hv1'], env: { PVC_NODE: 'hv1', PVC_ACTION: 'recover', PVC_DOMAINS: 'u1 u2' } }])
  t.match(lines.at(-1), /the domains of hv1 are recovered/)
  answers.outcome = { kind: 'failed_to_start', message: 'there is no such program' }
  await run(['recover', '{node}'])
  t.match(lines.at(-1), /could not be recovered/)
  t.match(faults.at(-1), { kind: 'domains_left', node: 'hv1', detail: /^web1, u2; the command / })
  const none = recovery(undefined)
  const before = lines.length
  none.begin('hv3')
  await none.stop()
  t.equal(lines.length, before, 'a node without domains leaves none behind')
})
