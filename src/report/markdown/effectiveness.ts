import type { AuditResult } from '../../engine/result.js'
import { describeEffectiveness, EFFECTIVENESS_LEGEND, EFFECTIVENESS_TITLES, figuresOf } from '../effectiveness.js'
import { code, table, text } from './escape.js'

/** Indexes that are named one by one; the rest of them are counted. */
const FIRST = 60

/** How each index was used and what it costs; empty where nothing was counted. */
export function renderEffectiveness(result: Pick<AuditResult, 'catalog' | 'statistics'>): string {
  const found = describeEffectiveness(result)
  if (!found) return ''
  const { indexes, counts, counted } = found
  const rest = indexes.slice(FIRST)
  return [
    '### How the indexes are used',
    text(`Counted ${counted}: ${counts}. ${EFFECTIVENESS_LEGEND}`),
    table(
      ['Index', 'Verdict', ...EFFECTIVENESS_TITLES, 'Why'],
      indexes.slice(0, FIRST).map((one) => [code(one.index.address), one.verdict, ...figuresOf(one), text(one.reason)]),
    ),
    ...(rest.length > 0
      ? [`And ${rest.length} more, which are ${[...new Set(rest.map(({ verdict }) => verdict))].join(' or ')}.`]
      : []),
  ].join('\n\n')
}
