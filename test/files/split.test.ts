import fc from 'fast-check'
import { loadModule, parseSync } from 'libpg-query'
import { beforeAll, describe, expect, it } from 'vitest'
import { indexLines } from '../../src/source/files/lines.js'
import { splitSql } from '../../src/source/files/split.js'

beforeAll(() => loadModule())

function statements(text: string): readonly string[] {
  return splitSql(text)
    .filter(({ kind }) => kind === 'statement')
    .map(({ from, to }) => text.slice(from, to))
}

/** Statements that each hold something that could be taken for an end. */
const STATEMENTS = [
  'select 1',
  `select 'a;b', 'it''s', E'\\';', U&'\\0061;', b'01', "odd;""name"`,
  'select $$;$$, $a$ $$; $a$, $1',
  'select 1 /* ; /* nested; */ ; */ + 2 -- ; not here\n',
  'create rule r as on insert to t do also (insert into u values (1); insert into v values (2))',
  'create function f(a int) returns int language sql begin atomic select 1; select case when a > 0 then 1 else 2 end; end',
  'create procedure p() begin atomic insert into t values (1); end',
  'create function g() returns trigger language plpgsql as $f$ begin if true then return new; end if; end $f$',
  'do $do$ begin execute $x$ select 1; $x$; end $do$',
  `select E'a\\\\', 'b;'`,
  `select E'one'\n  '\\';two'`,
  "select a::text, b[1:2], c -> 'x;' from t where a$b = 1",
  'begin',
  'end',
  'select "é;" as "日本;"',
  "insert into t (a) values ('\n;\n')",
]

const SEPARATORS = [';', ' ;\n', ';;\n-- a comment; with a semicolon\n', ';\n/* ; */\n', '\n;\n']

describe('splitting', () => {
  it.each(STATEMENTS)('keeps %j whole', (statement) => {
    expect(statements(`${statement};\nselect 2;`)).toHaveLength(2)
  })

  it('gives pieces that are the whole text, for any text', () => {
    const hostile = fc.array(
      fc.constantFrom(
        ...`' " $ $$ $a$ E' e' U&' ; ( ) \\ \\. \\g \\\\ -- /* */ : :a :'a' \n \r\n begin atomic case end copy t from stdin create function é 😀 1 .`.split(
          ' ',
        ),
        ' ',
      ),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          hostile.map((parts) => parts.join('')),
          hostile.map((parts) => parts.join(' ')),
        ),
        (text) => {
          const pieces = splitSql(text)
          expect(pieces.map(({ start, end }) => text.slice(start, end)).join('')).toBe(text)
          for (const { start, from, to, end } of pieces) {
            expect(start <= from && from <= to && to <= end && start < end).toBe(true)
          }
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('agrees with PostgreSQL on the number of statements', () => {
    const script = fc.array(fc.tuple(fc.constantFrom(...STATEMENTS), fc.constantFrom(...SEPARATORS)), { maxLength: 12 })
    fc.assert(
      fc.property(script, fc.boolean(), (parts, closed) => {
        const text = parts
          .flat()
          .join('')
          .slice(0, closed ? undefined : -1)
        const parsed = parseSync(`select 0;${text}`).stmts ?? []
        expect(statements(text)).toHaveLength(parsed.length - 1)
      }),
      { numRuns: 300 },
    )
  })

  it('takes time in proportion to the text', () => {
    const size = 200_000
    for (const text of [
      '(;',
      "';",
      "E';",
      '/*',
      '$a$',
      '\\g',
      'copy t from stdin;\n',
      '"',
      'create function f() begin atomic ;',
    ]) {
      const started = performance.now()
      splitSql(text.repeat(size / text.length))
      expect(performance.now() - started).toBeLessThan(5000)
    }
  })

  it('goes on after a parenthesis that is never closed', () => {
    expect(statements('create table a (id int;\ncreate table b (id int);\nselect 1')).toHaveLength(3)
  })

  it('obeys standard_conforming_strings', () => {
    expect(statements(`set standard_conforming_strings = off; select 'a\\'; b'; select 2`)).toHaveLength(3)
  })

  it('takes COPY data and psql commands apart', () => {
    const text =
      "copy t from stdin;\n1\t'\n\\.\n\\echo 'x'\nselect 1 \\gexec\nselect 2\\; select 3;\n\\copy t from stdin\n;'\n\\.\n"
    expect(splitSql(text).map(({ kind, start, end }) => `${kind} ${JSON.stringify(text.slice(start, end))}`)).toEqual([
      'statement "copy t from stdin;"',
      `data "\\n1\\t'\\n\\\\.\\n"`,
      `meta "\\\\echo 'x'\\n"`,
      'statement "select 1 "',
      'meta "\\\\gexec\\n"',
      'statement "select 2\\\\;"',
      'statement " select 3;"',
      'meta "\\n\\\\copy t from stdin\\n"',
      `data ";'\\n\\\\.\\n"`,
    ])
  })
})

describe('lines', () => {
  it('counts from 1, in UTF-16 units', () => {
    const at = indexLines('a\r\n😀b\n')
    expect([0, 3, 5, 7].map(at)).toEqual([
      { line: 1, column: 1 },
      { line: 2, column: 1 },
      { line: 2, column: 3 },
      { line: 3, column: 1 },
    ])
  })
})
