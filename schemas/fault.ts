/** A fault as PVC's API shows it. */
import Type from 'typebox'
import { reply } from './forms.ts'

const text = (description: string) => Type.String({ description })

export const Fault = reply('Fault', 'Something that is wrong in the cluster.', {
  id: text('Its id.'),
  last_reported: text('When it was last reported.'),
  first_reported: text('When it was first reported.'),
  acknowledged_at: text('When it was acknowledged; empty if it was not.'),
  status: text('new, or ack.'),
  health_delta: Type.Integer({ description: 'What it takes off the cluster\'s health.' }),
  message: text('What is wrong.'),
})
