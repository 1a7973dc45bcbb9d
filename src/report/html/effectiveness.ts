import { describeEffectiveness, EFFECTIVENESS_LEGEND, EFFECTIVENESS_TITLES, figuresOf } from '../effectiveness.js'
import { renderTable } from './appendix.js'
import { code, markup, type Markup, prose } from './markup.js'
import type { Page } from './page.js'

/** Indexes that are named one by one; the rest of them are counted. */
const FIRST = 200

/** How each index was used and what it costs; null where nothing was counted. */
export function renderEffectiveness({ result, names }: Page): Markup | null {
  const found = describeEffectiveness(result)
  if (!found) return null
  const { indexes, counts, counted } = found
  return markup`<h3 class="after">How the indexes are used</h3>
<p>Counted ${counted}: ${counts}. ${EFFECTIVENESS_LEGEND}</p>
${renderTable(
  ['Index', 'Verdict', ...EFFECTIVENESS_TITLES, 'Why'],
  indexes
    .slice(0, FIRST)
    .map((one) => [code(one.index.address), one.verdict, ...figuresOf(one), prose(one.reason, names)]),
)}
${indexes.length > FIRST && markup`<p class="quiet">And ${indexes.length - FIRST} more.</p>`}`
}
