import fc from 'fast-check'
import { expect, it } from 'vitest'
import { displayWidth, wrap, wrapSql } from '../../src/report/wrap.js'

it('counts the columns of a terminal', () => {
  expect(displayWidth('abc')).toBe(3)
  expect(displayWidth('表é')).toBe(3)
  expect(displayWidth('e\u0301')).toBe(1)
})

it('breaks at blanks and keeps every word', () => {
  expect(wrap('aa bb cc', 5)).toEqual(['aa bb', 'cc'])
  expect(wrap('aaaaaaaa b', 5)).toEqual(['aaaaaaaa', 'b'])
})

it('never breaks SQL inside quotes', () => {
  expect(wrapSql(`select 'a  b c d e f' , "x  y z"`, 12)).toEqual(['select', `  'a  b c d e f'`, '  , "x  y z"'])
  expect(wrapSql('do $x$ a  b $x$ language sql', 10)).toEqual(['do', '  $x$ a  b $x$', '  language', '  sql'])
  expect(wrapSql(`a ';  b'; c`, 40)).toEqual([`a ';  b';`, 'c'])
  expect(wrapSql('one\n  two', 3)).toEqual(['one', '  two'])
})

it('loses nothing but blanks', () => {
  const word = fc.stringMatching(/^[a-z0-9,()"'$.-]{1,12}$/)
  fc.assert(
    fc.property(fc.array(word), fc.integer({ min: 5, max: 40 }), (words, width) => {
      const sql = words.join(' ')
      expect(wrapSql(sql, width).join('').replaceAll(' ', '')).toBe(sql.replaceAll(' ', ''))
    }),
  )
})
