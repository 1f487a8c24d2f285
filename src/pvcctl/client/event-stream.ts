/** Server-sent events of a stream of bytes, by the rules of the HTML standard as far as pvcapid uses them. */

export interface ServerEvent {
  readonly event: string
  readonly id: string
  /** JSON. */
  readonly data: string
}

/** Characters of an event at most: many times what a pvcapid sends. */
const LONGEST = 16 * 2 ** 20

/**
 * Events as they come. Ends with the stream, and rejects where an event is longer than any of a pvcapid's.
 * @param onBytes called whenever bytes arrive, comments included: a stream that is silent for long is broken
 */
export async function * serverEvents (stream: AsyncIterable<Uint8Array>, onBytes: () => void): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  let [event, id, data] = ['message', '', [] as string[]]
  for await (const chunk of stream) {
    onBytes()
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length + data.reduce((sum, { length }) => sum + length, 0) > LONGEST) throw new Error(`an event is longer than ${LONGEST} characters`)
    for (const line of lines) {
      const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*?))?\r?$/s.exec(line) ?? []
      if (field === 'event') event = value
      else if (field === 'id') id = value
      else if (field === 'data') data.push(value)
      else if (field === '' && line.trim() === '') {
        if (data.length > 0) yield { event, id, data: data.join('\n') }
        event = 'message'
        data = []
      }
    }
  }
}
