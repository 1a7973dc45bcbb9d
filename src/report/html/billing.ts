import { describeBillingModel, MODEL_TITLES } from '../billing-model.js'
import { listParts, PART_TITLES } from '../billing-parts.js'
import { renderTable } from './appendix.js'
import { breakable, join, markup, type Markup, type Part } from './markup.js'
import type { Page } from './page.js'

/** What each table is to billing and why, and where its parts are kept; null without billing. */
export function renderBilling(page: Page): Markup | null {
  const { catalog } = page.result
  const model = describeBillingModel(catalog)
  if (!model) return null
  const parts = listParts(catalog, page.numbers)
  return markup`${renderTable(
    MODEL_TITLES,
    model.rows.map(({ role, address, sure, because }) => [role, linkTable(page, address), sure, because]),
  )}
<h3 class="after">Parts of billing</h3>
${renderTable(
  PART_TITLES,
  parts.map(({ name, kept, otherwise, telling, silence }) => [
    name,
    kept.length > 0
      ? join(
          kept.map((address) => linkTable(page, address)),
          ', ',
        )
      : otherwise,
    telling.length > 0
      ? join(
          telling.map(({ address, number }) => markup`<a href="#f${number}">${breakable(address)}</a>`),
          ', ',
        )
      : silence,
  ]),
)}`
}

/** A table's name that leads to its row. */
export function linkTable(page: Page, address: string): Part {
  const owner = page.ownerAt(address)
  return owner ? markup`<a href="#t${owner.id}">${breakable(address)}</a>` : breakable(address)
}
