/**
 * How a command ended, in words, with what it said last on stderr: for the log, for records and for replies.
 *
 * Guarantees: at most `SPOKEN` characters of what the command said, on one line, without control characters, without
 * characters that are not seen but change how others are, and without what looks like the value of a
 * password, token or key. Never quotes stdout.
 */
import { stripVTControlCharacters } from 'node:util'
import type { CommandOutcome } from './command.ts'

/** Characters of stderr that are quoted: the last ones. */
const SPOKEN = 2_000

/** `password=…`, `--token …`, `api_key: …`: a name of a secret, a separator, and the value. */
const SECRET = /((?:pass(?:word|wd|phrase)?|token|secret|api[-_]?key|credentials?|authorization)["']?(?:\s*[=:]\s*|\s+))(?:bearer\s+)?(?:"[^"]*"|'[^']*'|\S+)/gi
const CONTROL = /[\p{Cc}\u2028\u2029\ufffd]+/gu

/** Format characters, as those that turn the direction of text, and others of no width: what is read has to be what is there. */
const UNSEEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}]+/gu

/** Without characters that are not seen themselves and change, hide or pretend others. */
export const seen = (text: string): string => text.replace(UNSEEN, '')

/** What a command said on stderr, fit to be quoted; empty if it said nothing. */
export function spoken (stderr: string | undefined): string {
  const lines = stripVTControlCharacters(seen(stderr ?? '')).split(/[\r\n]+/).map((line) => line.replace(CONTROL, ' ').replace(/ {2,}/g, ' ').trim()).filter((line) => line !== '')
  const text = lines.join(' / ').replace(SECRET, '$1[hidden]')
  return text.length <= SPOKEN ? text : `…${text.slice(-SPOKEN).replace(/^[\udc00-\udfff]/, '')}`
}

/** `end`, with what the command said. */
const saying = (end: string, stderr: string | undefined): string => {
  const said = spoken(stderr)
  return said === '' ? end : `${end}: ${said}`
}

/**
 * Why a command is not done, as the end of a sentence that begins with the command, without a full stop; null if it exited with 0.
 * @param timeout milliseconds that it had
 */
export function failureOf (outcome: CommandOutcome, timeout: number): string | null {
  switch (outcome.kind) {
    case 'exited': return outcome.code === 0 ? null : saying(`exited with ${outcome.code}`, outcome.stderr)
    case 'signal': return saying(`was ended by ${outcome.signal}`, outcome.stderr)
    case 'timed_out': return saying(`did not end within ${timeout / 1000} s and was killed`, outcome.stderr)
    case 'failed_to_start': return `could not be started: ${outcome.message}`
    case 'aborted': return 'was stopped'
  }
}
