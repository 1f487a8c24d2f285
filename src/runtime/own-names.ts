/**
 * The names of this machine, without asking any name server: its host name, that name in each search domain, and the names that /etc/hosts has
 * beside the host name or for a loopback address. Read once; a file that is missing adds nothing.
 */
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { isLoopback } from './addresses.ts'

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // Neither file has to exist; then the host name alone is known.
    return ''
  }
}

/** The words of each line, comments left out. */
const wordsOf = (text: string): readonly string[][] => text.split('\n').map((line) => (line.split('#', 1)[0] ?? '').trim().split(/\s+/))

export function namesIn (hostname: string, hosts: string, resolver: string): readonly string[] {
  const [short = hostname] = hostname.split('.', 1)
  const domains = wordsOf(resolver).filter(([word]) => word === 'search' || word === 'domain').flatMap(([, ...names]) => names)
  const listed = wordsOf(hosts).filter(([address = '', ...names]) => isLoopback(address) || names.some((name) => name.toLowerCase() === hostname.toLowerCase()))
  return [hostname, short, ...domains.map((domain) => `${short}.${domain}`), ...listed.flatMap(([, ...names]) => names)]
}

export const ownNames = (): readonly string[] => namesIn(os.hostname(), textOf('/etc/hosts'), textOf('/etc/resolv.conf'))
