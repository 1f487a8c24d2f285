/** What is attacked: APIs of one cluster. One serves TLS; one logs everything, so that its log soon fills a pipe that is not read; one asks for no key. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { stringify } from 'yaml'
import { DaemonProcess } from '../../tools/testbed/daemon-process.ts'
import { freePort } from '../../tools/testbed/free-port.ts'
import { connect } from '../../test/support/zookeeper.ts'
import { clusterTree, makeCluster, OPERATE, READ } from '../../test/pvcapid/support/api.ts'
import { makeCertificate } from '../../test/pvcapid/support/certificate.ts'
import type { Session } from '../../src/zookeeper/session/session.ts'
import { ask } from './ask.ts'
import { Besieged } from './besieged.ts'

export interface Targets {
  readonly session: Session
  readonly plain: Besieged
  readonly tls: Besieged
  readonly deaf: Besieged
  readonly open: Besieged
}

/** @param nodes hypervisors besides the four of the tests' cluster */
export async function targets (t: Test, nodes: number): Promise<Targets> {
  // It has to hold huge values of every znode, and the replies with them to every API, at once.
  const { server } = await clusterTree(t, makeCluster, { heap: 1_024 })
  // Long enough for a server that takes in what is huge.
  const session = await connect(t, server, { sessionTimeout: 40_000 })
  for (let from = 0; from < nodes; from += 200) {
    await Promise.all(Array.from({ length: Math.min(200, nodes - from) }, async (_, at) => {
      const path = `/nodes/n${from + at}`
      await session.create(path, 'hypervisor')
      for (const [child, value] of [['daemonmode', 'hypervisor'], ['daemonstate', 'run'], ['domainstate', 'ready'], ['keepalive', '1700000000']] as const) await session.create(`${path}/${child}`, value)
    }))
  }
  // As in any cluster that has had a switchover.
  const { stat } = await session.get('/config/primary_node')
  await session.create('/switchovers', JSON.stringify({ czxid: stat.czxid, base: 0 }))
  // As large as a znode can be, and six times as large in JSON.
  await session.ensurePath('/logs/plum')
  await session.create('/logs/plum/messages', Array.from({ length: 900 }, () => '\u0001'.repeat(999)).join('\n'))
  const start = async (ssl: object, { level = 'info', asksForKey = true } = {}): Promise<{ readonly daemon: DaemonProcess, readonly port: number }> => {
    const folder = mkdtempSync(join(tmpdir(), 'pvc-siege-'))
    const file = join(folder, 'pvcapid.yaml')
    const port = await freePort()
    const tokens = [{ description: 'ops', role: 'operate', token: OPERATE }, { description: 'watch', role: 'read', token: READ }]
    const api = { listen_port: port, ...asksForKey ? { authentication: { enabled: true, tokens } } : { listen_address: '127.0.0.1' }, ssl }
    writeFileSync(file, stringify({ pvc: { node: 'plum', coordinators: [server.connectString], zookeeper: { session_timeout: 10 }, log_level: level, api } }))
    const daemon = new DaemonProcess('pvcapid', 'besieged', file, { flags: (process.env['SIEGE_FLAGS'] ?? '').split(' ').filter((flag) => flag !== '') })
    t.teardown(async () => {
      await daemon.stop(15_000)
      rmSync(folder, { recursive: true, force: true })
    })
    await daemon.logged(({ msg }) => msg === 'ready')
    return { daemon, port }
  }
  const plain = await start({})
  const { certFile, keyFile } = makeCertificate(t.testdir(), 'api')
  const tls = await start({ enabled: true, cert_file: certFile, key_file: keyFile })
  const deaf = await start({}, { level: 'debug' })
  const open = await start({}, { asksForKey: false })
  const besieged = { open: new Besieged(open.daemon, open.port), deaf: new Besieged(deaf.daemon, deaf.port), plain: new Besieged(plain.daemon, plain.port), tls: new Besieged(tls.daemon, tls.port, `https://127.0.0.1:${tls.port}`) }
  for (const { base } of Object.values(besieged)) while ((await ask(`${base}/health/ready`)).status !== 200) await delay(50)
  return { session, ...besieged }
}
