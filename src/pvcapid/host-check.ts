/** What an API's configuration names and its machine does not have or cannot use, and what was left as it stands in the example. */
import type { Clock } from '../runtime/clock.ts'
import type { ConfigProblem } from '../runtime/config/config-problem.ts'
import type { Lookup } from '../runtime/process/name-lookup.ts'
import { clientProblems, hostProblem, listenProblems, unknownServers } from '../runtime/config/host-problems.ts'
import { clientFault } from '../zookeeper/client/native-client.ts'
import type { ApiConfig } from './config/api-config.ts'

/** The digest in the example, which belongs to no key. */
const PLACEHOLDER = '6f36c4a4c9f7e3a1b2d50c8e9b7a61f0d3c2b1a09f8e7d6c5b4a39281706f5e4'

/** A ZooKeeper client that cannot be used, and an address that cannot be listened on, is an error; all else a warning. */
export async function hostProblems (file: string, config: ApiConfig, clock: Clock, lookup: Lookup): Promise<readonly ConfigProblem[]> {
  const found = await Promise.all([
    clientProblems(file, clientFault()),
    unknownServers(file, config.servers.map(({ host }) => host), clock, lookup),
    listenProblems(file, 'pvc.api.listen_address', config.listenAddress),
  ])
  return [...found.flat(), ...placeholders(file, config)]
}

function placeholders (file: string, { tokens = [] }: ApiConfig): readonly ConfigProblem[] {
  return tokens.flatMap(({ digest }, index) => digest.toString('hex') === PLACEHOLDER
    ? [{ ...hostProblem(file, `pvc.api.authentication.tokens[${index}].token_sha256`, 'This is the value of the example, which belongs to no key. Put in the SHA-256 of a key of yours.'), code: 'config_placeholder' as const }]
    : [])
}
