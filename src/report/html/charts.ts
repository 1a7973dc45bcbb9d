import type { Index, Table } from '../../evidence/catalog/model.js'
import { daysCounted } from '../../evidence/statistics/age.js'
import type { IndexStatistics, Statistics, TableStatistics } from '../../evidence/statistics/model.js'
import { count } from '../summary.js'
import { shorten } from './diagram/boxes.js'
import { code, markup, type Markup } from './markup.js'
import { renderEffectiveness } from './effectiveness.js'
import type { Page } from './page.js'
import { showBytes } from '../../fix/duration.js'

const BIGGEST_TABLES = 15
const MOST_POINTS = 600
const NAMED_POINTS = 6

/** The charts, and every index with its verdict below them; null when the server counted nothing. */
export function renderUse(page: Page, statistics: Statistics): Markup | null {
  const [charts, verdicts] = [renderCharts(page, statistics), renderEffectiveness(page)]
  return charts || verdicts ? markup`${charts}${verdicts}` : null
}

/** Index use against size, and growth and dead rows of the biggest tables; null when the server counted nothing. */
function renderCharts(page: Page, statistics: Statistics): Markup | null {
  const indexes = listIndexes(page, statistics)
  const tables = listTables(page, statistics)
  if (indexes.length === 0 && tables.length === 0) return null
  return markup`<p class="note">${describeAge(statistics)}</p>${indexes.length > 0 ? renderIndexes(indexes) : null}${tables.length > 0 ? renderTables(tables, statistics) : null}`
}

interface IndexUse extends IndexStatistics {
  readonly index: Index
  /** It enforces a key, so that it is needed even if nothing reads it. */
  readonly enforces: boolean
}

interface TableUse extends TableStatistics {
  readonly table: Table
}

function listIndexes({ result }: Page, statistics: Statistics): readonly IndexUse[] {
  return [...result.catalog.indexes()]
    .flatMap((index): IndexUse[] => {
      const use = statistics.index(index)
      return use && use.sizeBytes > 0 ? [{ ...use, index, enforces: index.unique || index.constraint !== null }] : []
    })
    .toSorted((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, MOST_POINTS)
}

function listTables({ result }: Page, statistics: Statistics): readonly TableUse[] {
  return result.catalog.tables
    .flatMap((table): TableUse[] => {
      const use = statistics.table(table)
      return use && use.totalSizeBytes > 0 ? [{ ...use, table }] : []
    })
    .toSorted((a, b) => b.totalSizeBytes - a.totalSizeBytes)
    .slice(0, BIGGEST_TABLES)
}

function describeAge(statistics: Statistics): string {
  const days = daysCounted(statistics)
  return days === null
    ? 'Since when the server counts is not known.'
    : `Counted by the server in ${count(Math.max(1, Math.round(days)), 'day')} up to ${statistics.collectedAt.slice(0, 10)}.`
}

const [WIDE, HIGH, LEFT, RIGHT, TOP, BOTTOM] = [960, 380, 64, 170, 30, 44]

function renderIndexes(indexes: readonly IndexUse[]): Markup {
  const unused = indexes.filter(({ scans, enforces }) => scans === 0 && !enforces)
  const waste = unused.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const sizes = indexes.map(({ sizeBytes }) => Math.log10(sizeBytes))
  const [least, most] = [
    Math.floor(Math.min(...sizes)),
    Math.max(Math.ceil(Math.max(...sizes)), Math.floor(Math.min(...sizes)) + 1),
  ]
  const top = Math.max(1, Math.ceil(Math.log10(1 + Math.max(...indexes.map(({ scans }) => scans)))))
  const x = (bytes: number): number =>
    round(LEFT + ((Math.log10(bytes) - least) / (most - least)) * (WIDE - LEFT - RIGHT))
  const y = (scans: number): number => round(HIGH - BOTTOM - (Math.log10(1 + scans) / top) * (HIGH - TOP - BOTTOM))
  const named = new Set(unused.slice(0, NAMED_POINTS))
  let lowest = Number.POSITIVE_INFINITY
  const points = indexes.map((use) => {
    const mood = use.enforces ? 'key' : use.scans === 0 ? 'unused' : 'used'
    return markup`<circle class="${mood}" cx="${x(use.sizeBytes)}" cy="${y(use.scans)}" r="${use.scans === 0 && !use.enforces ? 5 : 3.5}"><title>${use.index.address}: ${count(use.scans, 'scan')}, ${showBytes(use.sizeBytes)}</title></circle>`
  })
  const labels = [...named].map(({ index, sizeBytes }) => {
    lowest = Math.min(lowest - 13, HIGH - BOTTOM - 10)
    return markup`<path class="le" d="M${x(sizeBytes)},${y(0) - 5}V${lowest - 4}h5"/><text class="la" x="${x(sizeBytes) + 8}" y="${lowest}">${shorten(index.name, 22)}</text>`
  })
  const across = range(least, most).map(
    (power) =>
      markup`<path class="gr" d="M${x(10 ** power)},${TOP}V${HIGH - BOTTOM}"/><text class="ax mid" x="${x(10 ** power)}" y="${HIGH - BOTTOM + 16}">${showBytes(10 ** power)}</text>`,
  )
  const upward = range(0, top).map((power) => {
    const scans = power === 0 ? 0 : 10 ** power
    return markup`<path class="gr" d="M${LEFT},${y(scans)}H${WIDE - RIGHT}"/><text class="ax end" x="${LEFT - 8}" y="${y(scans) + 4}">${showNumber(scans)}</text>`
  })
  return markup`<figure><figcaption><h3>Index use against size</h3><p>${
    unused.length > 0
      ? `${count(unused.length, 'index', 'indexes')} of ${showBytes(waste)} altogether ${unused.length === 1 ? 'was' : 'were'} never read and enforce${unused.length === 1 ? 's' : ''} nothing.`
      : 'Every index that enforces nothing was read.'
  }</p></figcaption>
<svg class="chart" viewBox="0 0 ${WIDE} ${HIGH}" role="img" aria-label="Scans of ${count(indexes.length, 'index', 'indexes')} against their size">${across}${upward}<text class="ax mid" x="${(LEFT + WIDE - RIGHT) / 2}" y="${HIGH - 6}">size</text><text class="ax" x="12" y="${TOP - 12}">scans</text>${points}${labels}</svg>
<ul class="legend dots"><li class="unused">never read</li><li class="used">read</li><li class="key">enforces a key</li></ul></figure>`
}

function renderTables(tables: readonly TableUse[], statistics: Statistics): Markup {
  const days = daysCounted(statistics) || null
  const most = Math.max(...tables.map(({ totalSizeBytes }) => totalSizeBytes))
  const rows = tables.map(({ table, sizeBytes, totalSizeBytes, liveRows, deadRows, inserted, deleted }) => {
    const dead = deadRows / Math.max(1, liveRows + deadRows)
    const [heap, rest] = [sizeBytes / most, (totalSizeBytes - sizeBytes) / most]
    const growth = days === null ? null : (inserted - deleted) / days
    return markup`<tr><th scope="row">${code(table.address)}</th><td><svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="${showBytes(sizeBytes)} of rows, ${showBytes(totalSizeBytes - sizeBytes)} of indexes and long values"><rect class="heap" width="${round(heap * 100 * (1 - dead))}" height="10"/><rect class="dead" x="${round(heap * 100 * (1 - dead))}" width="${round(heap * 100 * dead)}" height="10"/><rect class="rest" x="${round(heap * 100)}" width="${round(rest * 100)}" height="10"/></svg></td><td class="num">${showBytes(totalSizeBytes)}</td><td class="num">${showNumber(liveRows)}</td><td class="num${dead > 0.2 ? ' warning' : ''}">${Math.round(dead * 100)} %</td><td class="num">${growth === null ? '–' : `${growth < 0 ? '−' : '+'}${showNumber(Math.abs(growth))}`}</td></tr>
`
  })
  return markup`<figure><figcaption><h3>Size, growth and dead rows</h3><p>The ${count(tables.length, 'biggest table')} with their dead rows; rows that come each day net of deletions.</p></figcaption>
<div class="scroll" tabindex="0" role="region" aria-label="Size, growth and dead rows"><table class="bars sizes"><thead><tr><th scope="col">Table</th><th scope="col">Share of the biggest</th><th scope="col" class="num">Size</th><th scope="col" class="num">Rows</th><th scope="col" class="num">Dead</th><th scope="col" class="num">Rows a day</th></tr></thead><tbody>${rows}</tbody></table></div>
<ul class="legend dots"><li class="heap">live rows</li><li class="dead">dead rows</li><li class="rest">indexes and long values</li></ul></figure>`
}

/** `1.2 M`. */
function showNumber(number: number): string {
  if (number < 10) return String(Number(number.toFixed(1)))
  if (number < 10_000) return String(Math.round(number))
  return number < 1_000_000 ? `${Math.round(number / 1000)} k` : `${Number((number / 1_000_000).toFixed(1))} M`
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at)
}

function round(number: number): number {
  return Math.round(number * 10) / 10
}
