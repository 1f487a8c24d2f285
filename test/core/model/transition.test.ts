// Transitions and failures as text.
import t from 'tap'
import { parseTransition, parseFailure } from '../../../src/core/model/transition.ts'
import { transition } from '../../support/scenario/builders.ts'

t.test('there and back', async (t) => {
  const full = transition({ epoch: 7, step: 2, resource: 'ip', released: ['dhcp'], error: { code: 'release_failed', resource: 'ip', message: 'no' } })
  t.strictSame(parseTransition(JSON.stringify(full)), full)
  const absent = { ...full, absent: ['dhcp'] }
  t.strictSame(parseTransition(JSON.stringify(absent)), absent)
})

t.test('what is malformed counts as nothing', async (t) => {
  for (const text of [undefined, null, '', '{', '[]', '{}', '{"direction":"sideways"}']) t.equal(parseTransition(text), null, String(text))
  t.strictSame(parseTransition('{"direction":"start","epoch":"7","step":-1,"of":null,"released":["ip",7,null],"error":"oops"}'),
    transition({ direction: 'start', epoch: null, of: 0, released: ['ip'], since: '' }))
  t.strictSame(parseTransition('{"direction":"start","released":"ip"}')?.released, [])
})

t.test('failures', async (t) => {
  t.equal(parseFailure(null), null)
  t.equal(parseFailure('oops'), null)
  t.strictSame(parseFailure({}), { code: 'unknown', resource: null, message: '' })
})
