/** A relation between settings is judged although other settings are wrong, so it may read only what it names. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { loadApiConfig } from '../../../src/pvcapid/config/config.ts'
import { loadNodeConfig } from '../../../src/pvcnoded/config/config.ts'

const parts = {
  node: ['hv1', '7', '', '[]', '{}'],
  coordinators: ['[zk1]', '', 'zk1', '{}', '[7]'],
  cordinators: [null, '[zk1]'],
  api_address: ['127.0.0.1:7380', '', '[]'],
  zookeeper: ['{session_timeout: 10}', '', '[]', '{session_timeout: x}', '{chroot: []}'],
  coordinator: ['{resources: [{name: a, type: floating-ip, address: 10.0.0.1/24, device: eth0}]}', '', '[]', '{resources: x}', '{resources: [{}]}', '{resources: [{type: floating-ip}]}', '{candidate: 7}', '{lock_timeout: x}'],
  system: ['{fencing: {method: none}}', '', '[]', '{fencing: }', '{fencing: {method: 7}}', '{fencing: {method: ipmi, ipmi: []}}', '{intervals: x}', '{collectors: {}}', '{collectors: [{}]}'],
  api: [null, '', '[]', '{authentication: x}', '{authentication: {enabled: true, tokens: [7]}}', '{ssl: {enabled: true}}', '{limits: []}', '{listen_address: []}', '{trusted_proxies: 7}'],
} as const

t.test('every part wrong, beside all others right and all others missing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pvc-relations-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'pvc.yaml')
  const names = Object.keys(parts) as Array<keyof typeof parts>
  let count = 0
  for (const load of [loadNodeConfig, loadApiConfig]) {
    for (const name of names) {
      for (const value of parts[name]) {
        for (const others of [true, false]) {
          const settings = names.flatMap((each) => { const text = each === name ? value : others ? parts[each][0] : null; return text === null ? [] : [`  ${each}: ${text}`] })
          writeFileSync(file, `pvc:\n  mode: coordinator\n${settings.join('\n')}\n`)
          t.doesNotThrow(() => load(file), settings.join('; '))
          count += 1
        }
      }
    }
  }
  t.ok(count > 100)
})
