import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { loadRules } from '../src/engine/load-rules.js'

const page = readFileSync(new URL('../docs/coverage.md', import.meta.url), 'utf8')

it('names rules that there are', async () => {
  const known = new Set((await loadRules()).map(({ id }) => id))
  const named = [...page.matchAll(/`([a-z-]+\/[a-z\d-]+)`/g)].map(([, id]) => id)
  expect(named.length).toBeGreaterThan(100)
  expect(named.filter((id) => !known.has(id ?? ''))).toEqual([])
})

it('says of every capability where it is, or why not', () => {
  const rows = page.split('\n').filter((line) => /^\| (?!capability|---)/.test(line))
  expect(rows.length).toBeGreaterThan(290)
  for (const row of rows) {
    const [, , , here = ''] = row.split(/(?<!\\)\|/).map((cell) => cell.trim())
    expect(here, row).toMatch(
      /`[a-z-]+\/[a-z\d-]+`|^Left out: \S.{3,}|advisor|rules of|gate|PostgreSQL refuses|all rules/i,
    )
  }
})
