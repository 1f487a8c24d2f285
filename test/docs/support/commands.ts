/**
 * The commands that the pages tell people to type. Each fenced block of `sh` has a comment before it which no reader sees: `run` (as it stands, to
 * exit 0), `run: says /…/` (and its output matches), `run: says /…/ until it does` (it continues by itself, and is ended then), or `not run: why`.
 */
import { readFileSync } from 'node:fs'

export const commandPages = ['README.md', 'docs/operations.md', 'docs/pvc.md', 'docs/pvcctl.md', 'examples/README.md', 'examples/keepalived.md', 'CONTRIBUTING.md'] as const

export interface Command {
  /** `file:line` of its opening fence. */
  readonly at: string
  readonly text: string
  /** Why it is not run; null if it is. */
  readonly notRun: string | null
  readonly says: RegExp | null
  readonly endless: boolean
}

/** @throws Error for a block without a comment, or with one that means nothing */
export function commandsOf (file: string, text = readFileSync(file, 'utf8')): readonly Command[] {
  return [...text.matchAll(/(?:<!-- (.*?) -->\n)?^ *```sh\n([\s\S]*?)^ *```$/gm)].map((match) => {
    const [whole, comment, body = ''] = match
    const at = `${file}:${text.slice(0, match.index).split('\n').length + (comment === undefined ? 0 : 1)}`
    const [, notRun] = /^not run: (.+)$/.exec(comment ?? '') ?? []
    const [, run, pattern, flags, endless] = /^(run)(?:: says \/(.+)\/(\w*)( until it does)?)?$/.exec(comment ?? '') ?? []
    if (notRun === undefined && run === undefined) throw new Error(`${at}: a block of commands needs <!-- run --> or <!-- not run: why --> before it:\n${whole}`)
    return { at, text: dedented(body), notRun: notRun ?? null, says: pattern === undefined ? null : new RegExp(pattern, flags), endless: endless !== undefined }
  })
}

function dedented (text: string): string {
  const indent = /^ */.exec(text)?.[0].length ?? 0
  return text.split('\n').map((line) => line.slice(Math.min(indent, /^ */.exec(line)?.[0].length ?? 0))).join('\n')
}
