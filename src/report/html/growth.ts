import { describeGrowth, type DistributionReport, EXPECTED_NOTE, EXPECTED_TITLES, GROWTH_TITLES } from '../growth.js'
import { renderTable } from './appendix.js'
import { linkTable } from './billing.js'
import { code, join, markup, type Markup, prose } from './markup.js'
import type { Page } from './page.js'

/** How tables of events and entries grow, what to do about it, and how several servers would share them; null where there is nothing to say. */
export function renderGrowth(page: Page): Markup | null {
  const growth = describeGrowth(page.result)
  if (!growth) return null
  const { tables, advice, expected, distribution } = growth
  return markup`${
    tables.length > 0 &&
    renderTable(
      GROWTH_TITLES,
      tables.map(({ address, figures }) => [linkTable(page, address), ...figures]),
    )
  }
${
  advice.length > 0
    ? renderTable(
        ['Table', 'What to do', 'Because', 'What it costs'],
        advice.map(({ address, action, because, costs }) => [
          linkTable(page, address),
          action,
          prose(because, page.names),
          prose(costs, page.names),
        ]),
      )
    : tables.length > 0 && markup`<p class="quiet">None of them asks for anything yet.</p>`
}
${
  expected.length > 0 &&
  markup`<p>${EXPECTED_NOTE}</p>
${renderTable(
  EXPECTED_TITLES,
  expected.map(({ address, figures }) => [linkTable(page, address), ...figures]),
)}`
}
${distribution && renderDistribution(distribution, page)}`
}

function renderDistribution(
  { column, tenants, placements, obstacles, queries, calls }: DistributionReport,
  page: Page,
): Markup {
  return markup`<h3 class="after">When one server will not do</h3>
<p>Citus would distribute rows by ${code(column)}, so that each tenant of ${code(tenants)} is served by one node.</p>
${renderTable(
  ['Placement', 'How', 'Tables'],
  placements.map(({ placement, how, tables }) => [
    placement,
    how,
    join(
      tables.map((address) => linkTable(page, address)),
      ', ',
    ),
  ]),
)}
<p>${obstacles.length > 0 ? `${obstacles.length} things stand in the way:` : 'Nothing stands in the way.'}</p>
${
  obstacles.length > 0 &&
  renderTable(
    ['Object', 'Why', 'Cure'],
    obstacles.map(({ address, why, cure }) => [code(address), why, prose(cure, page.names)]),
  )
}
${
  queries.length > 0 &&
  markup`<p>What each query would do then:</p>
${renderTable(
  ['Query', 'Route', 'Because'],
  queries.map(({ name, text, route, why }) => [name ?? code(text), route, prose(why, page.names)]),
)}`
}
<p>The last step, after that. It was not run: the scratch servers have no Citus. Try it on a copy.</p>
<pre><code>${calls.map((call) => markup`${call}\n`)}</code></pre>`
}
