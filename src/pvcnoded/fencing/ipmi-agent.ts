/**
 * Fences through a node's management controller with `ipmitool`: power off, see that it is off, power on, see that it is on. Confirmed is what
 * was seen to be off; a node that does not come on again is fenced all the same, and the message says so.
 *
 * The password reaches `ipmitool` in its environment alone, never on a command line. What it prints is recognised; only where that fails is the end of it repeated,
 * without the password.
 */
import { isIPv6 } from 'node:net'
import { shortened } from '../../core/model/shortened.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { CommandRunner } from '../../runtime/process/command.ts'
import { spoken } from '../../runtime/process/command-report.ts'
import type { FencingAgent, FencingProbe, FencingResult, FencingTarget } from './agent.ts'

export interface IpmiAgentTools {
  readonly clock: Clock
  readonly commands: CommandRunner
}

/** Milliseconds between two looks at the power. */
const LOOK = 1_000
/** Milliseconds that one command may take, at most. */
const ONE_COMMAND = 10_000
/** Characters of what `ipmitool` said that are repeated. */
const REPEATED = 120

export interface IpmiAgentConfig {
  /** Milliseconds for everything. */
  readonly timeout: number
  /** Undefined: `ipmitool` asks the controller, which takes seconds where that does not answer. */
  readonly cipherSuite: number | undefined
  /** The privilege level that is asked for, as `ipmitool -L` takes it; undefined: its default, administrator. */
  readonly privilege?: string | undefined
}

export function ipmiAgent (config: IpmiAgentConfig, tools: IpmiAgentTools): FencingAgent {
  return {
    method: 'ipmi',
    async fence (target, signal) {
      if (target.ipmi === null) return { confirmed: false, message: `${target.node} has published no address and credentials of its management controller.` }
      return await new PowerCycle(target.node, target.ipmi, config, signal, tools).run()
    },
    async probe (target, signal) {
      if (target.ipmi === null) return { works: false, message: `${target.node} has published no address and credentials of its management controller.` }
      return await new PowerCycle(target.node, target.ipmi, config, signal, tools).probe()
    },
  }
}

class PowerCycle {
  readonly #node: string
  readonly #argv: readonly string[]
  readonly #password: string
  readonly #signal: AbortSignal
  readonly #tools: IpmiAgentTools
  readonly #until: number
  /** Why it is not off yet, as the last command showed that came to an answer. */
  #failure = 'did not answer'

  constructor (node: string, { host, username, password }: NonNullable<FencingTarget['ipmi']>, { timeout, cipherSuite, privilege }: IpmiAgentConfig, signal: AbortSignal, tools: IpmiAgentTools) {
    this.#node = node
    const [name, port] = hostAndPort(host)
    this.#argv = ['ipmitool', '-v', '-I', 'lanplus', '-H', name, ...port === undefined ? [] : ['-p', port], ...cipherSuite === undefined ? [] : ['-C', String(cipherSuite)], ...privilege === undefined ? [] : ['-L', privilege.toUpperCase()], '-U', username, '-E', '-N', '1', '-R', '3', 'chassis', 'power']
    this.#password = password
    this.#signal = signal
    this.#tools = tools
    this.#until = tools.clock.monotonic() + timeout
  }

  async run (): Promise<FencingResult> {
    await this.#ipmi('off')
    if (!await this.#reaches('off')) return { confirmed: false, message: `${this.#node} was not seen to be off: its management controller ${this.#failure}.` }
    await this.#ipmi('on')
    const message = await this.#reaches('on') ? `${this.#node} was powered off and on again.` : `${this.#node} was powered off, and did not come on again.`
    return { confirmed: true, message }
  }

  /** Asks for the state of the power alone. */
  async probe (): Promise<FencingProbe> {
    const power = powerIn(await this.#ipmi('status'))
    return power === null
      ? { works: false, message: `The management controller of ${this.#node} ${this.#failure}.` }
      : { works: true, power, message: `its management controller says that the power is ${power}.` }
  }

  /** Asks for it again and again: one command may get lost. */
  async #reaches (power: 'off' | 'on'): Promise<boolean> {
    while (this.#left() > 0 && !this.#signal.aborted) {
      if (powerIn(await this.#ipmi('status')) === power) return true
      await new Promise<void>((resolve) => { this.#tools.clock.after(Math.min(LOOK, Math.max(0, this.#left())), resolve) })
      if (this.#left() > 0 && !this.#signal.aborted) await this.#ipmi(power)
    }
    return false
  }

  /** What it printed; nothing if it failed. */
  async #ipmi (command: 'off' | 'on' | 'status'): Promise<string> {
    const outcome = await this.#tools.commands.run({
      argv: [...this.#argv, command],
      env: { IPMI_PASSWORD: this.#password, LC_ALL: 'C' },
      timeout: Math.max(1, Math.min(ONE_COMMAND, this.#left())),
      signal: this.#signal,
      killStragglers: true,
    })
    if (outcome.kind !== 'exited') {
      if (outcome.kind === 'failed_to_start') this.#failure = `could not be asked: ipmitool could not be started: ${outcome.message}`
      if (outcome.kind === 'signal') this.#failure = `could not be asked: ipmitool was ended by ${outcome.signal}${this.#repeated(outcome.stderr)}`
      return ''
    }
    if (outcome.code !== 0) {
      this.#failure = troubleIn(`${outcome.stdout}\n${outcome.stderr}`) ?? `could not be asked: ipmitool exited with ${outcome.code}${this.#repeated(outcome.stderr) || this.#repeated(outcome.stdout)}`
    } else if (command === 'status') {
      this.#failure = powerIn(outcome.stdout) === null
        ? `was asked, and ipmitool printed ${this.#repeated(outcome.stdout).replace(/^: /, '') || 'nothing'} instead of the state of the power`
        : 'answered, but did not obey: the power is still on'
    }
    return outcome.code === 0 ? outcome.stdout : ''
  }

  /** The end of what it said, as the end of a sentence. */
  #repeated (said: string | undefined): string {
    const text = spoken(this.#password === '' ? said : said?.replaceAll(this.#password, '[hidden]'))
    return text === '' ? '' : `: "${shortened(text, REPEATED)}"`
  }

  #left (): number {
    return this.#until - this.#tools.clock.monotonic()
  }
}

function powerIn (said: string): 'on' | 'off' | null {
  const word = /^Chassis Power is (on|off)\s*$/m.exec(said)?.[1]
  return word === 'on' || word === 'off' ? word : null
}

/** A host, with or without a port: a name, an IPv4 address, or an IPv6 address, which needs brackets to have a port. */
export function hostAndPort (host: string): [host: string, port: string | undefined] {
  if (isIPv6(host)) return [host, undefined]
  const [, bracketed, plain = host, port] = /^(?:\[([^\]]*)\]|(.*?))(?::(\d+))?$/.exec(host) ?? []
  return [bracketed ?? plain, port]
}

/** The end of a sentence that begins with the controller, by what `ipmitool -v` says; null if that is not recognised. */
function troubleIn (said: string): string | null {
  if (/insufficient privilege|privilege level|unauthorized role|0xd4/i.test(said)) return 'refused: the user\'s privilege is too low'
  if (/RAKP \d|password|unauthorized name|user ?name|HMAC is invalid/i.test(said)) return 'refused the user name or the password'
  if (/could not resolve|lookup failed|name or service|address lookup/i.test(said)) return 'was not found: its host name cannot be resolved'
  if (/Get Auth Capabilities error|Get Channel Authentication Capabilities/i.test(said)) return 'did not answer'
  return /unable to establish|no response|timeout|timed out/i.test(said) ? 'did not answer, or refused the user name or the password' : null
}
