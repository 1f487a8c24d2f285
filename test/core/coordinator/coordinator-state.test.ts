// The first state of a life, and what an answer means to a change of the key.
import t from 'tap'
import { keyAnswerOf, newCoordinator } from '../../../src/core/coordinator/coordinator-state.ts'
import { key, member, keySnapshot } from '../../support/scenario/builders.ts'
import { Driver, settings } from '../../support/scenario/driver.ts'

t.test('a new life knows nothing, holds nothing and takes nothing over for the epoch it was born in', async (t) => {
  t.match(newCoordinator(settings, 7), { daemon: 'init', state: null, view: null, held: [], failures: 0, spentEpoch: 7, tried: null, activity: { kind: 'idle' } })
})

t.test('what was stopped half-way may have been sent', async (t) => {
  t.strictSame(keyAnswerOf({ kind: 'aborted' }), { kind: 'unknown' })
  t.strictSame(keyAnswerOf({ kind: 'refused' }), { kind: 'refused' })
  const writing = new Driver().view('none', 1).answer().answer({ kind: 'done', keySnapshot: keySnapshot({ key: key('none', 1), members: [member('hv1')] }) }).answer()
  t.strictSame(writing.words, ['write_key'])
  t.strictSame(writing.answer({ kind: 'aborted' }).words, ['unlock'], 'its record is not called superseded')
})
