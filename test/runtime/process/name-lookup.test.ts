/** Names to addresses: each by a process of its own, so that none waits for another; the reason tells silence from a name without an address. */
import t from 'tap'
import type { CommandOutcome, CommandRequest } from '../../../src/runtime/process/command.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { addressesOf, getentLookup, hostLookup } from '../../../src/runtime/process/name-lookup.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const never = new AbortController().signal
const answering = (answer: (request: CommandRequest) => CommandOutcome | Promise<CommandOutcome>) => {
  const asked: string[] = []
  const lookup = getentLookup({ run: async (request) => { asked.push(request.argv.join(' ')); return await answer(request) } }, systemClock, () => never)
  return { asked, lookup }
}
const exited = (code: number, stdout = ''): CommandOutcome => ({ kind: 'exited', code, stdout, stderr: '' })

t.test('this machine\'s own getent finds what /etc/hosts has', async (t) => {
  t.ok((await addressesOf('localhost', { lookup: hostLookup, clock: systemClock })).some((address) => address === '127.0.0.1' || address === '::1'))
})

t.test('both families, each address once', async (t) => {
  const { lookup } = answering(() => exited(0, '10.0.0.1       STREAM hv1\n10.0.0.1       DGRAM\nfd77::1         STREAM\nfe80::1%eth0    STREAM\n'))
  t.same(await lookup('hv1'), ['10.0.0.1', 'fd77::1', 'fe80::1%eth0'])
})

t.test('an address of a family that this machine does not have is found; an older getent has no option for that', async (t) => {
  const { asked, lookup } = answering(({ argv }) => argv.includes('--no-addrconfig') ? exited(64) : exited(0, '::1 STREAM six\n'))
  t.same(await lookup('six'), ['::1'])
  t.same(await lookup('six'), ['::1'])
  t.same(asked, ['getent --no-addrconfig ahosts -- six', 'getent ahosts -- six', 'getent ahosts -- six'])
})

t.test('why a name cannot be used', async (t) => {
  const clock = systemClock
  await t.rejects(addressesOf('a', { clock, lookup: answering(() => exited(2)).lookup }), { reason: 'unresolved', message: 'neither /etc/hosts nor a name server gives an address for it; one that refuses or fails looks the same' })
  await t.rejects(addressesOf('a', { clock, lookup: answering(() => ({ kind: 'timed_out' })).lookup }), { reason: 'silent', message: 'the name server does not answer' })
  await t.rejects(addressesOf('a', { clock, lookup: answering(() => ({ kind: 'failed_to_start', message: 'spawn getent ENOENT' })).lookup }), { reason: 'unresolved', message: /getent .*ENOENT/ })
  await t.rejects(addressesOf('a', { clock, lookup: async () => ['nonsense'] }), { reason: 'unresolved', message: 'it has no address' })
  // The C library gives silent servers up after seconds, and says then that there is no such name.
  const slow = new ManualClock()
  const lookup = getentLookup({ run: async () => { slow.advance(1_000); return exited(2) } }, slow, () => never)
  await t.rejects(lookup('a'), { reason: 'silent', message: 'the name server does not answer' })
})

t.test('a look-up that has had its time keeps nobody waiting, and what it finds is told all the same', async (t) => {
  const clock = new ManualClock()
  let find: (addresses: readonly string[]) => void = () => {}
  let asked = 0
  const lookup = async (): Promise<readonly string[]> => { asked += 1; return await new Promise((resolve) => { find = resolve }) }
  const found: Array<readonly string[]> = []
  const options = { clock, lookup, onFound: (addresses: readonly string[]) => found.push(addresses) }
  const first = addressesOf('late', options)
  clock.advance(2_000)
  await t.rejects(first, { reason: 'silent', message: 'the name server does not answer' })
  const second = addressesOf('late', options)
  clock.advance(0)
  await t.rejects(second, { reason: 'silent', message: 'the name server does not answer' })
  t.equal(asked, 1)
  find(['10.0.0.9'])
  await new Promise((resolve) => setImmediate(resolve))
  t.same(found, [['10.0.0.9'], ['10.0.0.9']])
})
