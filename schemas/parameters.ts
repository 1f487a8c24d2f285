/** Arguments that several routes take. */
import Type from 'typebox'

/** Characters of a part of the path at most: more than any name, so that too long a name is told as such. */
export const PATH_PART = 1_024

export const nodeParams = Type.Object({ node: Type.String({ description: 'The node\'s exact name.', maxLength: PATH_PART, examples: ['hv1'] }) })

export const wait = Type.Number({
  description: 'Seconds to wait at most for the end of it. The reply comes as soon as there is something to say.',
  minimum: 0,
  maximum: 3600,
})

/** For every reading. */
export const consistent = Type.Enum(['', 'true', 'false'], {
  description: 'Whether the reply has to show everything that was committed before the request; 503 if ZooKeeper cannot tell. Without it the reply is from the view that watches feed.',
})

/** For every reading. */
export const ifNoneMatch = Type.String({ description: 'ETags that the client knows, or *.', maxLength: 1024 })

export const epochParams = Type.Object({
  epoch: Type.Integer({ description: 'The number of the switchover.', minimum: 0, maximum: 9_999_999_999, examples: [17] }),
})
