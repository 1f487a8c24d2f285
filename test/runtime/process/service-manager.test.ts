// What systemd is told, and when the watchdog is not fed.
import t, { type Test } from 'tap'
import type { CommandOutcome, CommandRequest } from '../../../src/runtime/process/command.ts'
import { createLogger } from '../../../src/runtime/log/log.ts'
import { ServiceManager } from '../../../src/runtime/process/service-manager.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function manager (t: Test, env: Record<string, string>, outcome: CommandOutcome = { kind: 'exited', code: 0, stdout: '', stderr: '' }) {
  const clock = new ManualClock()
  const said: string[] = []
  const log: string[] = []
  const state = { sound: true, outcome }
  const made = new ServiceManager({
    clock,
    commands: {
      run: async ({ argv, env: given }: CommandRequest) => {
        said.push(`${argv.join(' ')} ${String(given?.['NOTIFY_SOCKET'])}`)
        return state.outcome
      },
    },
    log: createLogger({ name: 'pvcnoded', level: 'info', clock, destination: { write: (line: string) => { log.push((JSON.parse(line) as { msg: string }).msg) } } }),
    env,
    pid: 7,
    sound: () => state.sound,
  })
  t.teardown(() => made[Symbol.dispose]())
  return { made, clock, said, log, state }
}
const socket = { NOTIFY_SOCKET: '/run/notify' }

t.test('without systemd nothing is said', async (t) => {
  const { made, clock, said } = manager(t, { WATCHDOG_USEC: '2000000' })
  made.ready()
  clock.advance(10_000)
  made.stopping()
  t.same(said, [])
})

t.test('ready, fed at half of its time, and only while all is sound', async (t) => {
  const { made, clock, said, state } = manager(t, { ...socket, WATCHDOG_USEC: '2000000', WATCHDOG_PID: '7' })
  made.ready()
  const fed = 'systemd-notify WATCHDOG=1 /run/notify'
  t.same(said.splice(0), ['systemd-notify READY=1 /run/notify'])
  clock.advance(2_000)
  t.same(said.splice(0), [fed, fed])
  state.sound = false
  clock.advance(60_000)
  t.same(said.splice(0), [], 'nothing vouches for a daemon that must not continue')
  state.sound = true
  clock.advance(1_000)
  t.same(said.splice(0), [fed])
  made.stopping()
  t.same(said.splice(0), ['systemd-notify STOPPING=1 /run/notify'])
  made[Symbol.dispose]()
  clock.advance(60_000)
  t.same(said, [])
})

t.test('no watchdog, or one that is for another process', async (t) => {
  const cases: ReadonlyArray<Record<string, string>> = [{}, { WATCHDOG_USEC: '2000000', WATCHDOG_PID: '8' }, { WATCHDOG_USEC: 'soon' }]
  for (const env of cases) {
    const { made, clock, said } = manager(t, { ...socket, ...env })
    made.ready()
    clock.advance(60_000)
    t.same(said, ['systemd-notify READY=1 /run/notify'])
  }
})

t.test('systemd that cannot be told is named once', async (t) => {
  const { made, clock, log, state } = manager(t, { ...socket, WATCHDOG_USEC: '2000000' }, { kind: 'failed_to_start', message: 'no such file' })
  made.ready()
  for (let beat = 0; beat < 3; beat++) {
    clock.advance(1_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.same(log, ['systemd could not be told how this daemon is'])
  state.outcome = { kind: 'exited', code: 0, stdout: '', stderr: '' }
  clock.advance(1_000)
  await new Promise((resolve) => setImmediate(resolve))
  t.same(log.slice(1), ['systemd can be told again'])
})
