import { expect, it } from 'vitest'
import { renderTerminal } from '../../src/report/terminal.js'
import { renderFrame } from '../../src/report/terminal/frame.js'
import { makeFinding, makeResult } from './result.js'

const lines = ['create table plan (', '  id bigint primary key,', '\tprice real -- 表 price', ');']
const frame = (line: number, column: number, more: object = {}) =>
  renderFrame({ location: { file: 'a.sql', line, column }, lines, width: 60, around: 0, ...more })

it('marks the line and the column', () => {
  expect(frame(2, 3)).toEqual(['> 2 | id bigint primary key,', '    | ^'])
  expect(frame(2, 3, { around: 1 })).toEqual([
    '  1 | create table plan (',
    '> 2 |   id bigint primary key,',
    '    |   ^',
    '  3 |   price real -- 表 price',
  ])
  expect(frame(9, 1)).toEqual([])
})

it('keeps to the width', () => {
  for (const line of frame(3, 14, { width: 20 })) expect(line.length).toBeLessThanOrEqual(20)
  expect(frame(3, 14, { width: 20 })[0]).toMatch(/…$/)
})

it('stands in the terminal report, with a link to what explains the rule', () => {
  const docs = { summary: '', why: '', bad: '', good: '', references: ['https://www.postgresql.org/docs'] }
  const finding = makeFinding({ location: { file: 'a.sql', line: 3, column: 2 } })
  const result = makeResult({
    findings: [finding],
    rulebook: [{ id: finding.rule, category: 'redundancy', severity: 'warning', docs }],
  })
  const options = { color: 0, width: 100, verbose: false, sources: new Map([['a.sql', lines]]) } as const
  const plain = renderTerminal(result, options)
  expect(plain).toContain('           > 3 | price real -- 表 price\n')
  expect(plain).not.toContain('\u001b')
  expect(renderTerminal(result, { ...options, hyperlinks: true })).toContain(
    `\u001b]8;;https://www.postgresql.org/docs\u001b\\${finding.rule}\u001b]8;;\u001b\\`,
  )
})
