import { markup, type Markup } from './markup.js'
import type { Page } from './page.js'

const STATES = ['new', 'worse', 'better', 'known'] as const

/** The form that chooses findings; made visible by the script, which it needs. */
export function renderFilters({ states }: Page): Markup {
  const present = new Set(states.values())
  return markup`<form id="filters" role="search" aria-label="Choose findings" hidden>
<label class="grow">Text <input type="search" name="text" placeholder="in messages, evidence and SQL" autocomplete="off" spellcheck="false"></label>
<label>Class <select name="class"><option value="">all</option></select></label>
<label>Table <input type="search" name="table" list="names" placeholder="all" autocomplete="off" spellcheck="false"></label>
<label>Severity ${select('severity', ['error', 'warning', 'info'])}</label>
<label>When ${select('when', ['now', 'next', 'later'])}</label>
<label>Phase of the fix ${select('phase', ['expand', 'backfill', 'validate', 'switch', 'contract', 'none'])}</label>${
    states.size > 0 &&
    markup`
<label>State ${select(
      'state',
      STATES.filter((state) => present.has(state)),
    )}</label>`
  }
<button type="reset">Clear</button>
<span class="buttons"><button type="button" data-fold="open">Unfold all</button><button type="button" data-fold="close">Fold all</button></span>
<output id="shown" aria-live="polite"></output>
</form>`
}

function select(name: string, values: readonly string[]): Markup {
  return markup`<select name="${name}"><option value="">all</option>${values.map((value) => markup`<option>${value}</option>`)}</select>`
}
