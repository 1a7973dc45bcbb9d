import type { Priority } from '../../engine/result.js'
import { PRIORITIES } from '../order.js'
import { gatherRemedies, type Remedy, shortOf } from '../remedies.js'
import { count, withFix } from '../summary.js'
import { breakable, join, markup, type Markup, prose } from './markup.js'
import type { Numbered, Page } from './page.js'

const WHEN: Record<Priority, string> = { now: 'Now', next: 'Next', later: 'Later' }
const MEANING: Record<Priority, string> = {
  now: 'immediate',
  next: 'short term',
  later: 'long term',
}
/** How many objects an item names; the others are counted, and stand with the rule's findings. */
const NAMED = 6

/** What to do now, next and later: one item for all findings that have the same remedy. */
export function renderRoadmap(page: Page): Markup {
  if (page.important.length === 0) return markup`<p class="quiet">Nothing to do.</p>`
  return markup`<div class="road">${PRIORITIES.map((priority) => {
    const due = page.important.filter(({ finding }) => finding.priority === priority)
    const items = gatherRemedies(due, page.result.rulebook)
    return markup`<section><h3>${WHEN[priority]} <small>${MEANING[priority]}</small></h3>${
      items.length > 0
        ? markup`<ol>${items.map((remedy) => renderItem(remedy, page))}</ol>`
        : markup`<p class="quiet">Nothing.</p>`
    }</section>`
  })}</div>`
}

function renderItem({ advice, members: group }: Remedy<Numbered>, { names }: Page): Markup {
  const findings = group.map(({ finding }) => finding)
  const proven = withFix(findings, 'proven').length
  const decisions = withFix(findings, 'decision').length
  const objects = group
    .slice(0, NAMED)
    .map(({ number, finding }) => markup`<a href="#f${number}">${breakable(finding.address)}</a>`)
  const rest = group[NAMED]
  return markup`<li><p>${prose(shortOf(advice), names)}</p><p class="objects">${join(objects, ', ')}${
    rest && markup` and <a href="#f${rest.number}">${group.length - NAMED} more</a>`
  }</p>${
    proven + decisions > 0
      ? markup`<p class="tags">${proven > 0 && markup`<i class="proven">${count(proven, 'proven fix', 'proven fixes')}</i>`} ${decisions > 0 && markup`<i class="decision">${count(decisions, 'decision')}</i>`}</p>`
      : null
  }</li>
`
}
