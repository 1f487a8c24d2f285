/**
 * The end of a node's log as it is sent. Every reply about one version of a log is a part of the same bytes, however many lines it has: what a
 * client that does not read keeps waiting costs no more than its connection.
 */
import type { Zxid } from '../../zookeeper/client/connection.ts'
import type { Reading } from './serialized-reply.ts'

/** Between two lines, as JSON has it. */
const NEWLINE = '\\n'

const escaped = (text: string): string => JSON.stringify(text).slice(1, -1)

export class LogBytes {
  /** The transaction that wrote it. */
  readonly version: Zxid
  readonly #bytes: Buffer
  /** Where each line begins. */
  readonly #starts: Uint32Array

  /** @param text the whole log, lines separated by `\n` */
  constructor (text: string, version: Zxid) {
    this.version = version
    const lines = text.split('\n').map(escaped)
    this.#bytes = Buffer.from(lines.join(NEWLINE))
    this.#starts = new Uint32Array(lines.length)
    let at = 0
    for (const [index, line] of lines.entries()) {
      this.#starts[index] = at
      at += Buffer.byteLength(line) + NEWLINE.length
    }
  }

  get length (): number { return this.#bytes.length }

  /** The reply with the last `lines` lines. */
  reply (name: string, lines: number): Reading {
    const first = Math.max(0, this.#starts.length - lines)
    const body = [Buffer.from(`{"name":${JSON.stringify(name)},"data":"`), this.#bytes.subarray(this.#starts[first]), Buffer.from('"}')]
    return { body, length: body.reduce((sum, { length }) => sum + length, 0), etag: `"${this.version}.${this.#starts.length - first}"`, isShared: true }
  }
}
