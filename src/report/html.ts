import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Graphviz } from '@hpcc-js/wasm-graphviz'
import type { AuditResult } from '../engine/result.js'
import { renderDrift, renderNotSeen, renderProblems } from './html/appendix.js'
import { renderBilling } from './html/billing.js'
import { renderUse } from './html/charts.js'
import { LEGEND, listNeighbours, renderDiagram } from './html/diagram/draw.js'
import type { LayOut } from './html/diagram/layout.js'
import { renderFilters } from './html/filters.js'
import { renderFindings, renderSilence } from './html/findings.js'
import { describeStates, renderComparison, renderSuppressed } from './html/history.js'
import { renderGrowth } from './html/growth.js'
import { embedJson, markup, type Markup, type Part } from './html/markup.js'
import { renderOverview, renderTitle } from './html/overview.js'
import { packBodies } from './html/pack.js'
import { preparePage } from './html/page.js'
import { renderQueries } from './html/queries.js'
import { renderQuestions } from './html/questions.js'
import { renderRoadmap } from './html/roadmap.js'
import { STYLE } from './html/style.js'
import { renderTables } from './html/tables.js'

/** Loads what lays out the diagram and what runs in the page, and gives the renderer. */
export async function loadHtmlRenderer(): Promise<(result: AuditResult) => string> {
  const graphviz = await Graphviz.load()
  const script = readFileSync(new URL('html/script.js', import.meta.url), 'utf8')
  return (result) => renderHtml(result, script, (dot, engine) => graphviz.layout(dot, 'json', engine))
}

/** Above so many findings the browser is told to draw only those in sight. */
const MANY = 300
const MANY_CLASS: Markup = { html: ' class="many"' }

/** The full review as one HTML file that loads nothing, and may load nothing. */
function renderHtml(result: AuditResult, script: string, layOut: LayOut): string {
  const page = preparePage(result)
  const findings = page.important.length
  const { shown, packed } = packBodies((place) => renderFindings(page, place))
  const chapters = [
    chapter('summary', 'Summary', renderOverview(page)),
    chapter('diagram', 'Entity relationships', [DIAGRAM_TOOLS, renderDiagram(page, layOut), LEGEND, SELECTION]),
    chapter('billing', 'Billing model', renderBilling(page)),
    chapter('use', 'Size and use', result.statistics ? renderUse(page, result.statistics) : null),
    chapter('queries', 'Where the time goes', renderQueries(result)),
    chapter('findings', 'Findings', [
      describeStates(page),
      findings > 0 && renderFilters(page),
      shown,
      renderSilence(page),
    ]),
    chapter('tables', 'Tables and normal forms', renderTables(page)),
    chapter('growth', 'Growth', renderGrowth(page)),
    chapter('roadmap', 'Roadmap', renderRoadmap(page)),
    chapter('questions', 'Questions to answer', renderQuestions(page)),
    chapter('drift', 'Drift between the files and the database', renderDrift(result)),
    chapter('baseline', `Beside the baseline ${result.baseline?.name}`, renderComparison(result.baseline, page)),
    chapter('since', `Since ${result.since?.name}`, renderComparison(result.since, page)),
    chapter('suppressed', 'Suppressed', renderSuppressed(page)),
    chapter('problems', 'Load problems', renderProblems(result)),
    chapter('not-seen', 'What was not looked at', renderNotSeen(result)),
  ].filter((part) => part !== null)
  const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(STYLE)}; img-src data:; base-uri 'none'; form-action 'none'`
  const { html } = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${{ html: policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>Database review: ${result.target.name}</title>
<link rel="icon" href="data:,">
<style>${{ html: STYLE }}</style>
</head>
<body${findings > MANY ? MANY_CLASS : null}>
<a class="skip" href="#main">Skip to the review</a>
<header>${renderTitle(page)}</header>
<nav aria-label="Contents"><ol>${chapters.map(({ id, title }) => markup`<li><a href="#${id}">${title}</a></li>`)}</ol></nav>
<main id="main" tabindex="-1">
${chapters.map(({ body }) => body)}
</main>
<footer><p>${result.tool.name} ${result.tool.version}. This file is complete: it loads nothing and sends nothing.</p></footer>
<script type="application/json" id="owners">${embedJson(listNeighbours(page))}</script>
${packed}<script type="module">${{ html: script }}</script>
</body>
</html>
`
  return html
}

interface Chapter {
  readonly id: string
  readonly title: string
  readonly body: Markup
}

function chapter(id: string, title: string, body: Part): Chapter | null {
  if (body === null) return null
  return {
    id,
    title,
    body: markup`<section class="chapter" id="${id}" aria-labelledby="h-${id}"><h2 id="h-${id}">${title}</h2>
${body}</section>
`,
  }
}

/** Made visible by the script, which they need. */
const DIAGRAM_TOOLS: Markup = markup`<div class="tools" hidden><label>Find a table <input type="search" id="find" list="names" autocomplete="off" spellcheck="false"></label><span class="buttons"><button type="button" data-zoom="in" aria-label="Zoom in">+</button><button type="button" data-zoom="out" aria-label="Zoom out">−</button><button type="button" data-zoom="fit">Fit</button><button type="button" data-zoom="back" hidden>Whole diagram</button></span><datalist id="names"></datalist></div>`

const SELECTION: Markup = markup`<aside id="selection" aria-live="polite" hidden></aside>`

/** What a content security policy calls an inline script or style by. */
function hashOf(content: string): string {
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`
}
