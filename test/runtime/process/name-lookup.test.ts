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

/** Look-ups that are answered by the test, in the order in which they were begun. */
function heldLookups (clock: ManualClock) {
  const asked: Array<{ readonly find: (addresses: readonly string[]) => void, readonly unwanted: AbortSignal | undefined }> = []
  const found: Array<readonly string[]> = []
  const lookup = async (_host: string, unwanted?: AbortSignal): Promise<readonly string[]> => await new Promise((resolve) => { asked.push({ find: resolve, unwanted }) })
  return { asked, found, ask: async () => await addressesOf('late', { clock, lookup, onFound: (addresses) => found.push(addresses) }) }
}
const silent = { reason: 'silent', message: 'the name server does not answer' }
const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve))

t.test('a look-up that has had its time is not waited for: the name is looked up again', async (t) => {
  const clock = new ManualClock()
  const { asked, ask } = heldLookups(clock)
  const first = ask()
  const beside = ask()
  t.equal(asked.length, 1, 'no second one within that time')
  clock.advance(2_000)
  await t.rejects(first, silent)
  await t.rejects(beside, silent)
  const second = ask()
  t.equal(asked.length, 2)
  // As by a line that was written into /etc/hosts meanwhile.
  asked[1]?.find(['10.0.0.8'])
  t.same(await second, ['10.0.0.8'])
})

t.test('what an older look-up finds is used and told; what it would say after a later one is neither', async (t) => {
  const clock = new ManualClock()
  const { asked, found, ask } = heldLookups(clock)
  const first = ask()
  clock.advance(2_000)
  await t.rejects(first, silent)
  const second = ask()
  asked[0]?.find(['10.0.0.9'])
  t.same(await second, ['10.0.0.9'])
  t.same(found, [['10.0.0.9']])
  clock.advance(2_000)
  const third = ask()
  asked[2]?.find(['10.0.0.7'])
  t.same(await third, ['10.0.0.7'])
  t.equal(asked[1]?.unwanted?.aborted, true)
  asked[1]?.find(['10.0.0.9'])
  await turn()
  t.same(found, [['10.0.0.9'], ['10.0.0.7']])
})

t.test('the look-ups of one name in progress are bounded', async (t) => {
  const clock = new ManualClock()
  const { asked, ask } = heldLookups(clock)
  for (let at = 0; at < 20; at++) {
    const answer = ask()
    clock.advance(2_000)
    await t.rejects(answer, silent)
  }
  t.equal(asked.length, 20)
  t.equal(asked.filter(({ unwanted }) => unwanted?.aborted !== true).length, 7)
  t.equal(asked.slice(0, 13).every(({ unwanted }) => unwanted?.aborted), true, 'the oldest give way')
})

t.test('a look-up that is no longer wanted leaves no process', async (t) => {
  const unwanted = new AbortController()
  let signal: AbortSignal | undefined
  const lookup = getentLookup({ run: async (request) => { signal = request.signal; return await new Promise((resolve) => request.signal?.addEventListener('abort', () => resolve({ kind: 'aborted' }))) } }, systemClock, () => never)
  const answer = lookup('a', unwanted.signal)
  unwanted.abort()
  await t.rejects(answer, silent)
  t.equal(signal?.aborted, true)
})
