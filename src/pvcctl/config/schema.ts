/** The schema of pvcctl's configuration files. */
import Type from 'typebox'
import { settings } from '../cli/table.ts'
import { section } from '../../runtime/config/config-common.ts'

const textOf = (name: string): string => settings.find((setting) => setting.name === name)?.text ?? ''
const file = (name: string) => Type.Optional(Type.String({ description: textOf(name), pattern: '^/', form: 'an absolute path' }))

export const schema = section('The configuration of pvcctl.', {
  api: Type.Optional(Type.Array(Type.String({ description: 'An address, as http://hv1:7370.', pattern: '^https?://[^\\s]+$', form: 'an address as http://hv1:7370' }), { description: textOf('api'), minItems: 1 })),
  key_file: file('key_file'),
  ca_file: file('ca_file'),
  cert_file: file('cert_file'),
  cert_key_file: file('cert_key_file'),
  api_timeout: Type.Optional(Type.Number({ description: textOf('api_timeout'), exclusiveMinimum: 0, maximum: 3_600, unit: 's' })),
})
