/** Runs pvcctl as a user would: a process of its own, with an environment and a home directory of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Test } from 'tap'
import { exitStatus } from '../../../src/pvcctl/cli/table.ts'
import { asUser, packageFolder } from '../../../tools/testbed/daemon-process.ts'
import { PATIENCE } from '../../support/api-client.ts'

const entry = join(packageFolder(), 'dist', 'src', 'pvcctl', 'main.js')

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves once standard output, or standard error, matches. */
  readonly says: (pattern: RegExp) => Promise<void>
}

export class Pvcctl {
  readonly folder = mkdtempSync(join(tmpdir(), 'pvcctl-'))
  readonly #env: NodeJS.ProcessEnv
  readonly #running = new Set<ChildProcess>()

  constructor (t: Test, env: Readonly<Record<string, string>> = {}) {
    const { PVCCTL_API: _api, PVCCTL_KEY: _key, PVCCTL_KEY_FILE: _file, XDG_CONFIG_HOME: _config, ...inherited } = process.env
    const bin = join(this.folder, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'pvcctl'), `#!/bin/sh\nexec ${asUser([process.execPath, entry]).join(' ')} "$@"\n`, { mode: 0o755 })
    this.#env = { ...inherited, HOME: this.folder, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`, ...env }
    t.teardown(() => {
      for (const child of this.#running) endGroup(child)
      rmSync(this.folder, { recursive: true, force: true })
    })
  }

  start (args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    return this.#start(asUser([process.execPath, entry, ...args]), env)
  }

  /** Runs it, and again, as a user would, while nothing was done because ZooKeeper did not answer an API in time. */
  async run (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const end = performance.now() + PATIENCE
    for (;;) {
      const ended = await this.start(args, env).ended
      if (ended.status !== exitStatus('unreachable') || !/\(zookeeper_unavailable\)|has lost contact with ZooKeeper/.test(ended.stderr) || performance.now() > end) return ended
    }
  }

  /** A command line of a shell, to which `pvcctl` is a program. */
  shell (command: string, env: Readonly<Record<string, string>> = {}): Running {
    return this.#start(['sh', '-eu', '-c', command], env)
  }

  #start ([program, ...words]: readonly [string, ...string[]], env: Readonly<Record<string, string>>): Running {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env: { ...this.#env, ...env } })
    this.#running.add(child)
    let [stdout, stderr] = ['', '']
    const waiting = new Set<() => void>()
    const wake = () => { for (const each of [...waiting]) each() }
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
      wake()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
      wake()
    })
    const ended = new Promise<Ended>((resolve) => child.once('close', (status) => {
      this.#running.delete(child)
      resolve({ status, stdout, stderr })
    }))
    const says = async (pattern: RegExp): Promise<void> => {
      await Promise.race([
        new Promise<void>((resolve) => {
          const look = () => { if (pattern.test(stdout) || pattern.test(stderr)) resolve() }
          waiting.add(look)
          look()
        }),
        ended.then(({ status }) => { if (!pattern.test(stdout) && !pattern.test(stderr)) throw new Error(`${[program, ...words].join(' ')} ended with ${String(status)} and did not say ${String(pattern)}\n${stdout}${stderr}`) }),
      ])
    }
    return { child, ended, says }
  }
}

/** The process and everything that it has started. */
export function endGroup ({ pid }: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
