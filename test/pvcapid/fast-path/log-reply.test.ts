/** The end of a log: what is sent is the JSON of it, whatever the log contains, and the bytes are the same for all replies. */
import fc from 'fast-check'
import t from 'tap'
import { LogBytes } from '../../../src/pvcapid/fast-path/log-reply.ts'

t.test('as JSON has it', async () => {
  const line = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom('', '\\', '\\n', '"', '\u0001', '\ud800', 'é', '\r'))
  fc.assert(fc.property(fc.array(line, { maxLength: 8 }), fc.integer({ min: 1, max: 10 }), (lines, count) => {
    const text = lines.join('\n')
    const { body, length } = new LogBytes(text, '1').reply('hv1', count)
    const sent = Buffer.concat(body as readonly Buffer[])
    const wanted = JSON.stringify({ name: 'hv1', data: text.split('\n').slice(-count).join('\n') })
    return sent.toString() === wanted && length === sent.length && length === Buffer.byteLength(wanted)
  }), { numRuns: 2_000 })
})

t.test('one tag for what reads the same, and the same bytes for all', async (t) => {
  const log = new LogBytes('a\nb\nc', '7')
  t.equal(log.reply('hv1', 3).etag, log.reply('hv1', 1_000_000).etag)
  t.not(log.reply('hv1', 2).etag, log.reply('hv1', 3).etag)
  t.not(log.reply('hv1', 3).etag, new LogBytes('a\nb\nc', '8').reply('hv1', 3).etag)
  const memory = (lines: number) => (log.reply('hv1', lines).body[1] as Buffer).buffer
  t.equal(memory(1), memory(3))
})
