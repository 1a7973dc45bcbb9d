import { expect, it } from 'vitest'
import { divide, sectionOf } from '../../src/report/sections.js'
import { makeFinding } from './result.js'

it('places findings by category, and a rule of its own before that', () => {
  expect(sectionOf('types/inexact-money')).toBe('integrity')
  expect(sectionOf('keys/missing-primary-key')).toBe('integrity')
  expect(sectionOf('keys/missing-foreign-key')).toBe('relationships')
  expect(sectionOf('indexes/redundant-index')).toBe('indexes')
})

it('gives categories that it does not know a section after the others', () => {
  const sections = divide({ findings: [makeFinding({ rule: 'time-travel/odd' })], rules: [] })
  expect(sections.at(-1)).toMatchObject({ id: 'time-travel', title: 'Time travel' })
})

it('puts what matters most first within a section', () => {
  const findings = [
    makeFinding({ address: 'a', priority: 'later', severity: 'error' }),
    makeFinding({ address: 'b', priority: 'now', severity: 'info' }),
    makeFinding({ address: 'c', priority: 'now', severity: 'error', confidence: 0.5 }),
    makeFinding({ address: 'd', priority: 'now', severity: 'error', confidence: 1 }),
  ]
  const [section] = divide({ findings, rules: [] }).filter(({ id }) => id === 'redundancy')
  expect(section?.findings.map(({ address }) => address)).toEqual(['d', 'c', 'b', 'a'])
})
