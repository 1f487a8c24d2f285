/** Small forms that the schemas share. Each keeps the static type that TypeBox would lose. */
import Type from 'typebox'
import type { Static, TSchema } from 'typebox'

/** A schema that is registered under its `$id` and described once, under components. */
export type Shared = TSchema & { readonly $id: string }

/** A reference by `$id`: `$ref` in the description, the referred type for the compiler. */
export const ref = <S extends Shared>(schema: S) => Type.Unsafe<Static<S>>(Type.Ref(schema.$id))

export const nullable = <S extends TSchema>(schema: S, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description })

/** An array that is never changed. */
export const list = <S extends TSchema>(item: S, options: { readonly description?: string } = {}) =>
  Type.Unsafe<ReadonlyArray<Static<S>>>(Type.Array(item, options))

/** One word of a closed list. */
export const oneOf = <const Words extends readonly string[]>(words: Words, description: string) =>
  Type.Unsafe<Words[number]>({ type: 'string', enum: [...words], description })

/** A number that is written with its fraction, `0.0` included. */
export const fractional = (description: string) => Type.Unsafe<number | { readonly value: number }>({ type: 'number', description })

export const moment = (description: string) =>
  Type.String({ description: `${description} RFC 3339, UTC.`, examples: ['2026-02-03T04:05:06.789Z'] })

/** An object for a reply: what is not named here is not sent. */
export const reply = <Properties extends Parameters<typeof Type.Object>[0], const Id extends string>($id: Id, description: string, properties: Properties) =>
  Object.assign(Type.Object(properties, { description, additionalProperties: false }), { $id })
