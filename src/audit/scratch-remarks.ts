import { LeftOverError } from '../errors.js'
import type { NotSeen } from '../evidence/model.js'
import type { LeftOver, Unmade } from '../source/session.js'

/** What a report says of something that the scratch copy lacks. */
export function describeUnmade({ what, reason }: Unmade): NotSeen {
  return { what: `Not in the copy that fixes were proven on: ${what}`, reason: asSentence(reason) }
}

/** What a report says of a scratch database that is still there. */
export function describeLeftOver({ database, server, reason }: LeftOver): NotSeen {
  return {
    what: `The scratch database ${database} is left on ${server}`,
    reason: `It could not be dropped: ${asSentence(reason)} Drop it by hand.`,
  }
}

/** The error that ended an audit, with the scratch databases that it left behind. */
export function leftOverError(left: readonly LeftOver[], cause: unknown): LeftOverError {
  const sentences = left.map(
    ({ database, server, reason }) =>
      `The scratch database ${database} is left on ${server}, and could not be dropped: ${asSentence(reason)}`,
  )
  return new LeftOverError([(cause as Error).message, ...sentences].join(' '), { hint: 'Drop it by hand.', cause })
}

function asSentence(text: string): string {
  return /[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`
}
