/** The SHA-256 of a key, which is all that the daemon keeps of it: 32 bytes. */
import { createHash } from 'node:crypto'
import type { ApiTokenEntry } from '../config/schema.ts'

export function tokenDigest (entry: Pick<ApiTokenEntry, 'token' | 'token_sha256'>): Buffer {
  return entry.token === undefined ? Buffer.from(entry.token_sha256 ?? '', 'hex') : createHash('sha256').update(entry.token).digest()
}
