/** PVC's own configuration files are called what they are, by both daemons; files of ours with a mistake are not. */
import t from 'tap'
import { readFileSync } from 'node:fs'
import { parseConfig } from '../../../src/runtime/config/yaml-config.ts'
import { pvcFormats } from '../../../src/runtime/config/pvc-files.ts'
import { apiConfigSchema } from '../../../src/pvcapid/config/schema.ts'
import { nodeConfigSchema } from '../../../src/pvcnoded/config/schema.ts'

const schemas = { pvcnoded: nodeConfigSchema, pvcapid: apiConfigSchema }
const check = (daemon: keyof typeof schemas, text: string) => parseConfig(text, 'x.yaml', schemas[daemon], []).problems.map(({ code, severity, line, path, message }) => ({ code, severity, line, path, message }))

const node = `---
pvc:
  node: pvchv1
  debug: False
  functions:
    enable_hypervisor: True
  cluster:
    coordinators:
      - pvchv1
    networks:
      upstream:
        floating_ip: 10.0.0.250/24
  coordinator:
    dns: {database: {host: localhost}}
  system:
    fencing:
      intervals: {keepalive_interval: 5, fence_intervals: 6, suicide_intervals: 0}
      actions: {successful_fence: migrate}
      ipmi: {host: pvchv1-lom, user: Admin, pass: secret}
    configuration: {directories: {log_directory: /var/log/pvc}}
`
const api = `---
pvc:
  debug: False
  coordinators: [pvchv1, pvchv2]
  api:
    listen_address: "127.0.0.1"
    listen_port: "7370"
    authentication:
      enabled: False
      secret_key: ""
      tokens: [{description: testing, token: ""}]
    ssl: {enabled: False, cert_file: "", key_file: ""}
  provisioner:
    database: {host: localhost}
`
const conf = `---
cluster:
  name: pvc1
  all_nodes: [pvchv1, pvchv2]
  coordinator_nodes: [pvchv1, pvchv2]
subsystem: {enable_hypervisor: yes}
timer: {vm_shutdown_timeout: 180, keepalive_interval: 5}
fencing:
  intervals: {fence_intervals: 6, suicide_interval: 0}
  ipmi: {hostname: "{node}-lom", username: admin, password: secret}
api:
  enabled: yes
  listen: {address: 10.0.0.1, port: 7370}
  authentication: {enabled: yes, secret_key: x, tokens: []}
  ssl: {enabled: no, certificate: "", private_key: ""}
`

t.test('each of PVC\'s formats, by either daemon', async (t) => {
  for (const [text, format, daemon, line, carried] of [
    [node, 'pvcnoded.yaml', 'pvcnoded', 5, ['pvc.node', 'pvc.coordinators', 'pvc.coordinator.resources', 'pvc.system.intervals.keepalive_interval', 'pvc.system.intervals.fence_intervals', 'pvc.system.self_fence', 'pvc.system.fencing.recover', 'pvc.system.fencing.ipmi.host', 'pvc.system.fencing.ipmi.username', 'pvc.system.fencing.ipmi.password']],
    [node, 'pvcnoded.yaml', 'pvcapid', 5, ['pvc.node', 'pvc.coordinators']],
    [api, 'pvcapid.yaml', 'pvcapid', 13, ['pvc.coordinators', 'pvc.api.listen_address', 'pvc.api.listen_port', 'pvc.api.authentication.enabled', 'pvc.api.authentication.tokens', 'pvc.api.ssl.enabled', 'pvc.api.ssl.cert_file', 'pvc.api.ssl.key_file']],
    [api, 'pvcapid.yaml', 'pvcnoded', 13, ['pvc.coordinators']],
    [conf, 'pvc.conf', 'pvcnoded', 2, ['pvc.coordinators', 'pvc.system.intervals.keepalive_interval', 'pvc.system.intervals.fence_intervals', 'pvc.system.self_fence', 'pvc.system.fencing.ipmi.host', 'pvc.system.fencing.ipmi.username', 'pvc.system.fencing.ipmi.password']],
    [conf, 'pvc.conf', 'pvcapid', 2, ['pvc.coordinators', 'pvc.api.listen_address', 'pvc.api.listen_port', 'pvc.api.authentication.enabled', 'pvc.api.authentication.tokens', 'pvc.api.ssl.enabled', 'pvc.api.ssl.cert_file', 'pvc.api.ssl.key_file']],
  ] as const) {
    const [first, ...rest] = check(daemon, text)
    t.match(first, { code: 'config_of_pvc', severity: 'error', line, message: `in the format of its ${format}` }, `${format} by ${daemon}`)
    t.strictSame(rest.map(({ message }) => /^Carry this over to ([\w.]+)[.,]/.exec(message)?.[1]?.replace(/\.$/, '')), carried)
    t.ok(rest.every(({ code, line }) => code === 'config_of_pvc' && line > 0))
  }
})

t.test('a mistake in a file of ours is one', async (t) => {
  for (const text of ['pvc: {node: hv1, coordinators: [a], api: {}}\ncluster: {}\n', 'pvc: {node: hv1, coordinators: [a], debug: true}\n', 'clusters: {}\n', '[]\n', '- cluster\n']) {
    for (const daemon of ['pvcnoded', 'pvcapid'] as const) t.notOk(check(daemon, text).some(({ code }) => code === 'config_of_pvc'), `${daemon}: ${text}`)
  }
  for (const daemon of ['pvcnoded', 'pvcapid'] as const) t.strictSame(check(daemon, readFileSync(`${daemon}.yaml.example`, 'utf8')).filter(({ code }) => code === 'config_of_pvc'), [])
})

t.test('docs/pvc.md has every setting that is carried over', async (t) => {
  const page = readFileSync('docs/pvc.md', 'utf8')
  for (const { name, carried } of pvcFormats) for (const { from, to, but = '' } of carried) t.ok(page.includes(`| \`${name}\` | \`${from}\` | \`${to}\` | ${but} |`), from)
})
