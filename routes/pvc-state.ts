/**
 * The argument `state` of PVC's POST routes: in the query or in a form, one word. Described here and judged by the service, because PVC's
 * clients expect their own form of error for it. Any other name is an error like that of any route.
 */
import Type from 'typebox'

/** Characters of an `If-Match` at most. */
const LONGEST_TAGS = 1_024

const namesOf = (value: unknown): readonly string[] => typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : []

const tagsOf = (headers: unknown): string => String((headers as { readonly 'if-match'?: string })['if-match'] ?? '')

export function pvcState (words: readonly string[], description: string) {
  const state = Type.Unsafe<unknown>({ type: 'string', enum: words, description })
  return {
    schema: {
      querystring: Type.Object({ state: Type.Optional(state) }),
      headers: Type.Object({ 'if-match': Type.Optional(Type.String({ description: 'Only if this is as at that ETag of the same path.', maxLength: LONGEST_TAGS })) }),
      body: Type.Optional(Type.Unsafe<unknown>({ type: 'object', properties: { state }, description: 'The state, if it is not in the query.' })),
      consumes: ['application/x-www-form-urlencoded', 'multipart/form-data'],
    },
    validatorCompiler: ({ httpPart }: { readonly httpPart?: string }) => (value: unknown) => {
      if (httpPart === 'headers' && tagsOf(value).length > LONGEST_TAGS) return { error: [{ keyword: 'maxLength', instancePath: '/if-match', schemaPath: '', message: `must not have more than ${LONGEST_TAGS} characters`, params: {} }] }
      const unknown = httpPart === 'querystring' || httpPart === 'body' ? namesOf(value).filter((name) => name !== 'state') : []
      if (unknown.length === 0) return { value }
      return { error: [{ keyword: 'additionalProperties', instancePath: '', schemaPath: '', message: 'has unknown names', params: { additionalProperties: unknown, known: ['state'] } }] }
    },
  }
}
