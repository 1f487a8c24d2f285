/**
 * Log lines for connections that were refused before a request: the first of each client and reason within a minute, then their number
 * (`refusal-log.ts`). Each says which limit was met, or what was wrong with the TLS handshake.
 */
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log/log.ts'
import { clientOf } from '../http/client-address.ts'
import type { Refusal } from '../http/connections.ts'
import { RefusalLog } from './refusal-log.ts'

const sentences: Readonly<Record<Refusal, string>> = {
  address: 'a connection was refused: its client has as many open as pvc.api.limits.connections_per_address allows. Raise it, or name the client in pvc.api.trusted_proxies if it is a load balancer',
  total: 'a connection was refused: as many are open as pvc.api.limits.connections allows. Raise it if these are clients of yours',
  handshake: 'a connection was refused: its TLS handshake failed',
}

/** What the codes of handshakes that failed mean; of others the log has the code alone. */
const causes: Readonly<Record<string, string>> = {
  ERR_SSL_HTTP_REQUEST: 'the client spoke HTTP without TLS; its address of this API has to begin with https://',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'the client did not finish it in time',
  ECONNRESET: 'the client ended the connection',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the client offers no version of TLS from pvc.api.ssl.min_version on',
  ERR_SSL_NO_SHARED_CIPHER: 'the client offers no cipher that this API takes',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the client showed no certificate, which pvc.api.ssl.require_client_certificate asks for',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'the client does not trust the certificate of this API',
}

export class RefusedConnections implements Disposable {
  readonly #log: Logger
  readonly #refusals: RefusalLog

  constructor ({ log, clock }: { readonly log: Logger, readonly clock: Clock }) {
    this.#log = log
    this.#refusals = new RefusalLog({ clock, onSum: (sum) => log.info(sum, 'more connections like this one were refused within a minute') })
  }

  /**
   * @param address of the client
   * @param error of the handshake
   */
  refused (reason: Refusal, address: string, error?: NodeJS.ErrnoException): void {
    if (!this.#refusals.isFirst(clientOf(address), reason)) return
    const code = error?.code
    const fields = { from: address, reason, ...code === undefined ? {} : { code } }
    const cause = code === undefined ? undefined : causes[code]
    if (reason === 'handshake') this.#log.info(fields, cause === undefined ? sentences[reason] : `${sentences[reason]}: ${cause}`)
    else this.#log.warn(fields, sentences[reason])
  }

  /** Logs the counts that are not logged yet. */
  [Symbol.dispose] (): void {
    this.#refusals[Symbol.dispose]()
  }
}
