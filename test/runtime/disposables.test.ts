/** What was opened is closed in reverse, once, whatever fails. */
import t from 'tap'
import { Disposables } from '../../src/runtime/disposables.ts'

t.test('closes last opened first, one after the other, once', async (t) => {
  const events: string[] = []
  const all = new Disposables()
  all.defer('first', () => { events.push('first') })
  all.defer('second', async () => {
    events.push('second begins')
    await Promise.resolve()
    events.push('second ends')
  })
  const used = all.use('sync', { [Symbol.dispose]: () => { events.push('sync') } })
  t.type(used[Symbol.dispose], 'function')
  all.use('async', { [Symbol.asyncDispose]: async () => { events.push('async') } })
  const closing = all.close()
  t.equal(all.close(), closing)
  await all[Symbol.asyncDispose]()
  t.same(events, ['async', 'sync', 'second begins', 'second ends', 'first'])
})

t.test('a failure does not keep the rest from being closed, and all failures are reported', async (t) => {
  const events: string[] = []
  const cause = new Error('stuck')
  const all = new Disposables()
  all.defer('door', () => { throw cause })
  all.defer('window', () => { events.push('window') })
  all.defer('gate', async () => { throw 'locked' }) // eslint-disable-line no-throw-literal
  const error = await all.close().catch((error: unknown) => error)
  t.ok(error instanceof AggregateError)
  t.same(events, ['window'])
  t.same((error as AggregateError).errors.map(({ message }) => message), ['gate: locked', 'door: stuck'])
  t.equal((error as AggregateError).errors[1].cause, cause)
  t.equal((error as AggregateError).message, 'could not close gate: locked; door: stuck')
})

t.test('nothing can be opened once closing has begun', async (t) => {
  const all = new Disposables()
  await all.close()
  t.throws(() => all.defer('late', () => {}), { message: 'late was opened after closing began' })
})
