import { describeFixes, describeRules, summarize, count, type Summary } from '../summary.js'
import { PRIORITIES, SEVERITIES } from '../order.js'
import { chooseFirst } from '../remedies.js'
import { describeServer } from '../wording.js'
import { listHistory } from './history.js'
import { code, join, markup, type Markup, type Part, prose } from './markup.js'
import type { Page } from './page.js'

/** How many findings the summary names. */
const FIRST = 5

/** Whose review this is, and of when. */
export function renderTitle({ result: { target, tool, startedAt } }: Page): Markup {
  const source = target.kind === 'files' ? count(target.files.length, 'SQL file') : `a ${target.kind}`
  return markup`<p class="kicker">Database review</p><h1>${target.name}</h1>
<p class="meta">Read from ${source}, ${describeServer(target)} · <time datetime="${startedAt}">${startedAt.slice(0, 16).replace('T', ' ')} UTC</time> · ${tool.name} ${tool.version}</p>`
}

/** The few numbers that matter, and what to do first. */
export function renderOverview(page: Page): Markup {
  const summary = summarize(page.result)
  const first = chooseFirst(page.result.findings, FIRST)
  const fixes = describeFixes(summary)
  const history = listHistory(page.result)
  return markup`<p class="lede">${describeVerdict(summary)}</p>
<ul class="tiles">${renderTiles(summary)}</ul>
<p class="note">${describeRules(summary)}.${fixes ? ` ${fixes}.` : ''}</p>
${history.length > 0 && markup`<p class="note">${join(history, ' ')}</p>`}
<div class="pair">${
    first.length > 0
      ? markup`<section><h3>What matters first</h3><ol class="first">${first.map(
          ({ finding, more }) =>
            markup`<li><b class="s ${finding.severity}">${finding.severity}</b> <span><a href="#f${page.numbers.get(finding) ?? 0}">${prose(finding.message, page.names)}</a>${more > 0 && markup` <small>and ${more} more of ${code(finding.rule)}</small>`}</span></li>`,
        )}</ol></section>`
      : null
  }${page.important.length > 0 ? markup`<section><h3>Where it is</h3>${renderSections(page)}</section>` : null}</div>`
}

function describeVerdict({ findings, priorities, severities, tables }: Summary): string {
  if (findings === 0) return `Nothing was found in ${count(tables, 'table')}.`
  const errors = severities.error > 0 ? `${count(severities.error, 'error')} among ` : ''
  const now =
    priorities.now > 0 ? `; ${priorities.now} should be dealt with now` : '; none of them has to be dealt with at once'
  return `${errors}${count(findings, 'finding')} in ${count(tables, 'table')}${now}.`
}

function renderTiles({ tables, findings, severities, priorities, fixes, rules }: Summary): readonly Markup[] {
  const withSql = fixes.proven + fixes.decision + fixes.advice
  const tile = (number: number, label: string, note: string, mood = ''): Markup =>
    markup`<li class="${mood}"><b>${number}</b><span>${label}</span><small>${note}</small></li>`
  return [
    tile(
      priorities.now,
      'to do now',
      `${priorities.next} next, ${priorities.later} later`,
      priorities.now > 0 ? 'error' : 'proven',
    ),
    tile(
      severities.error,
      severities.error === 1 ? 'error' : 'errors',
      `${count(severities.warning, 'warning')}, ${severities.info} info`,
      severities.error > 0 ? 'error' : 'proven',
    ),
    tile(
      fixes.proven,
      fixes.proven === 1 ? 'proven fix' : 'proven fixes',
      `of ${withSql} with SQL, for ${count(findings, 'finding')}`,
      fixes.proven > 0 ? 'proven' : '',
    ),
    tile(
      fixes.decision,
      fixes.decision === 1 ? 'decision to take' : 'decisions to take',
      'the SQL is proven, the question is yours',
    ),
    tile(tables, tables === 1 ? 'table' : 'tables', `${count(rules.found + rules.passed, 'rule')} looked at them`),
    tile(
      rules.skipped + rules.crashed,
      'rules did not look',
      rules.crashed > 0 ? `${rules.crashed} of them crashed` : 'for want of evidence',
      rules.crashed > 0 ? 'error' : '',
    ),
  ]
}

/** Findings by section as bars, and by severity and priority as numbers. */
function renderSections(page: Page): Markup {
  const shown = page.sections.filter(({ findings }) => findings.length > 0)
  const most = Math.max(...shown.map(({ findings }) => findings.length))
  const rows = shown.map(({ id, title, findings }) => {
    const counts = SEVERITIES.map((severity) => findings.filter((finding) => finding.severity === severity).length)
    return markup`<tr><th scope="row"><a href="#c-${id}">${title}</a></th><td>${renderBar(counts, most)}</td><td class="num">${findings.length}</td></tr>`
  })
  const matrix = SEVERITIES.map((severity) => {
    const having = page.important.filter(({ finding }) => finding.severity === severity)
    const due = PRIORITIES.map((priority) => having.filter(({ finding }) => finding.priority === priority).length)
    return markup`<tr><th scope="row"><b class="s ${severity}">${severity}</b></th>${[...due, having.length].map((number) => markup`<td class="num">${number === 0 ? '·' : number}</td>`)}</tr>`
  })
  return markup`<table class="bars"><caption class="hide">Findings by section</caption><tbody>${rows}</tbody></table>
<table class="matrix"><thead><tr><th scope="col">Severity</th><th scope="col">Now</th><th scope="col">Next</th><th scope="col">Later</th><th scope="col">All</th></tr></thead><tbody>${matrix}</tbody></table>`
}

/** One bar of errors, warnings and infos, long as its share of the longest. */
function renderBar(counts: readonly number[], most: number): Markup {
  const label = SEVERITIES.map((severity, at) => `${counts[at]} ${severity}`).join(', ')
  let x = 0
  const parts: Part[] = SEVERITIES.map((severity, at) => {
    const width = ((counts[at] ?? 0) / most) * 100
    const part = width > 0 && markup`<rect class="${severity}" x="${round(x)}" width="${round(width)}" height="10"/>`
    x += width
    return part
  })
  return markup`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="${label}">${parts}</svg>`
}

function round(number: number): number {
  return Math.round(number * 100) / 100
}
