import type { Finding } from '../engine/result.js'
import { groupBy } from '../evidence/catalog/group.js'

export const QUESTIONS_NOTE = 'The fixes of these findings are proven and wait for an answer.'

/** A question that a person has to answer, and the numbers of the findings whose fixes wait for it. */
export interface Question {
  readonly question: string
  readonly numbers: readonly number[]
}

/** The questions that fixes wait for, in the order of the findings. */
export function listQuestions(
  findings: readonly { readonly finding: Finding; readonly number: number }[],
): readonly Question[] {
  const open = findings.filter(({ finding }) => finding.fix?.status === 'decision')
  return [...groupBy(open, ({ finding }) => finding.fix?.reason ?? '')].map(([question, same]) => ({
    question,
    numbers: same.map(({ number }) => number),
  }))
}
