/** A document that is made once and sent as these bytes to every client, with an entity tag of its content. */
import { createHash } from 'node:crypto'

export class Document {
  readonly bytes: readonly Buffer[]
  readonly length: number
  readonly type: string
  readonly etag: string

  /** @param type its media type */
  constructor (content: string | Buffer, type: string) {
    const bytes = Buffer.from(content)
    this.bytes = [bytes]
    this.length = bytes.length
    this.type = type
    this.etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
  }
}
