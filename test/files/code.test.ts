import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isCodeFile, readCode } from '../../src/source/files/code/read.js'
import { loadSqlFiles } from '../../src/source/files/load.js'

function read(
  text: string,
  { path = '/db/001_a.ts', files = {} as Readonly<Record<string, string>>, own = true } = {},
) {
  return readCode({
    path,
    text,
    opensTransactions: own,
    readFile: (name) => (files[name] === undefined ? null : { path: name, text: files[name] }),
  })
}
const statementsOf = (text: string, options?: Parameters<typeof read>[1]) =>
  read(text, options)
    .text.split('\n;\n')
    .filter((sql) => sql !== '')
const unseenOf = (text: string) => read(text).unseen.map(({ what, why }) => `${why} ${what}`)
const up = (body: string) =>
  `exports.up = async (knex) => {\n${body}\n}\nexports.down = async (knex) => knex.raw('down')`

describe('SQL in migration code', () => {
  it.each([
    ['exports', `exports.up = function (knex) { return knex.raw('up') }`],
    ['module.exports', `module.exports = { async up(q) { await q.sequelize.query('up') }, down: async () => {} }`],
    ['functions in module.exports', `module.exports.up = (db) => db.runSql('up')`],
    [
      'a class',
      `export class A1 implements M { async down(q) { await q.query('no') } async up(q) { await q.query('up') } }`,
    ],
    ['an exported class', `module.exports = class A1 { async up(q) { await q.query('up') } }`],
    ['a property', `export default class extends Migration { up = async () => { this.addSql('up') } }`],
    ['an exported function', `export async function up(db) { await sql\`up\`.execute(db) }`],
    ['an exported constant', `export const up = async (pgm: MigrationBuilder): Promise<void> => { pgm.sql('up') }`],
    ['a default export', `export default { async up({ context: q }) { await q.query('up') } }`],
    ['compiled code', `exports.up = up;\nasync function up(knex) { await knex.raw('up') }`],
    [
      'a named function in a list of exports',
      `const up = (knex) => knex.raw('up')\nmodule.exports = { up, down: null }`,
    ],
  ])('is read from %s', (_, text) => expect(statementsOf(text)).toEqual(['up']))

  it.each([
    [
      'constants and joined text',
      `const T = 'a' as const; await knex.raw('drop table ' + T + \` \${T}_b\`)`,
      ['drop table a a_b'],
    ],
    [
      'members of constants',
      `const T = { a: { name: 'x' } }; await knex.raw(\`\${T.a.name} \${T['a'].name}\`)`,
      ['x x'],
    ],
    ['lists', `await knex.raw(['a', 'b'].join(' '))`, ['a b']],
    [
      'loops over what is written',
      `for (const { t, c } of [{ t: 'a', c: 'b' }]) await knex.raw(\`\${t}.\${c}\`)`,
      ['a.b'],
    ],
    ['calls for each', `await Promise.all(['a', 'b'].map((t) => knex.raw(t)))`, ['a', 'b']],
    ['entries', `for (const [k, v] of Object.entries({ a: '1' })) await knex.raw(k + v)`, ['a1']],
    [
      'functions of the file',
      `const f = (k, t) => k.raw(t); await f(knex, 'a'); await g(knex)}\nasync function g(k) { await k.raw('b')`,
      ['a', 'b'],
    ],
    ['split text', `for (const s of 'a;b'.split(';')) await knex.raw(s.trim())`, ['a', 'b']],
    [
      'values',
      `await knex.raw('update ?? set a = ?, b = :c, d = \\\\? where e = \\'?\\'', ['s.t', "it's"])`,
      [`update s.t set a = 'it''s', b = :c, d = ? where e = '?'`],
    ],
    [
      'named values',
      `await knex.raw('alter table :t: add :c: int', { t: 'A', c: 'b' })`,
      ['alter table "A" add b int'],
    ],
    ['numbered values', `await knex.query('select $1::int, $2', [1, 'x'])`, [`select 1::int, 'x'`]],
    [
      'conditions, both ways',
      `if (await knex.schema.hasTable('a')) await knex.raw('a'); else await knex.raw('b')`,
      ['a', 'b'],
    ],
    ['what follows', `return knex.raw('a').then(() => knex.raw('b'))`, ['a', 'b']],
    ['chains', `await knex.schema.raw('a').raw('b')`, ['a', 'b']],
    ['transactions', `await knex.transaction(async (t) => { await t.raw('a') })`, ['begin', 'a', 'commit']],
    [
      'a try',
      `try { await knex.raw('a') } catch (e) { await knex.raw('b') } finally { await knex.raw('c') }`,
      ['a', 'c'],
    ],
    ['queries kept for later, when they run', `const q = knex.raw('a'); await knex.raw('b'); await q`, ['b', 'a']],
    [
      'no expression of a builder',
      `await knex.schema.table('t', (t) => t.timestamp('a').defaultTo(knex.raw('now()')))`,
      [],
    ],
  ])('follows %s', (_, body, expected) => expect(statementsOf(up(body))).toEqual(expected))

  it('leaves transactions to the runner that has one', () => {
    expect(statementsOf(up(`await knex.transaction((t) => t.raw('a'))`), { own: false })).toEqual(['a'])
  })

  it('says what it cannot know', () => {
    expect(
      unseenOf(
        up(`
        await knex.raw('a ' + process.env.NAME)
        let name = 'x'; name += 'y'; await knex.raw(name)
        for (const { id } of await knex('t').select('id')) await knex.raw(\`select \${id}\`)
        await knex.schema.createTable('a', (t) => { t.increments() }).alterTable('b', () => {})
        await knex('t').where({ a: 1 }).update({ b: 2 })
        await fill(knex)
        await sql\`\${unknown}\`.execute(knex)
        console.log(knex.raw('not sent'))
        await knex.raw('insert ?', [new Date()])`),
      ),
    ).toEqual([
      'unresolved knex.raw',
      'unresolved knex.raw',
      'unresolved knex.raw',
      'built knex.schema.createTable',
      'built knex.update',
      'elsewhere fill(knex)',
      'unresolved sql',
      'unresolved knex.raw',
    ])
  })

  it('ends on code that never ends', () => {
    expect(statementsOf(up(`const f = (k) => f(k); f(knex); await knex.raw('a')`))).toEqual(['a'])
    expect(statementsOf(up(`const a = a + 'x'; await knex.raw(a); while (true) await knex.raw('b')`))).toEqual(['b'])
  })

  it('knows where each character was written', () => {
    const text = up(`const T = 'mön'; await knex.raw("alter\\ttable \\u{1F600}\\x41 " + T + \` it\\'s\\r\\n\${T}\`)`)
    const script = read(text)
    const at = (piece: string) => script.origin(script.text.indexOf(piece)).offset
    expect(script.text).toBe("alter\ttable 😀A mön it's\r\nmön\n;\n")
    expect(text.slice(at('table'))).toMatch(/^table/)
    expect(text.slice(at('A mön'))).toMatch(/^\\x41/)
    expect(text.slice(at('mön'))).toMatch(/^mön'; await/)
    expect(text.slice(at('s\r\n'))).toMatch(/^s\\r/)
  })

  it('reads strings as JavaScript does', () => {
    const plain = fc
      .string({ unit: 'grapheme', maxLength: 3 })
      .map((text) => text.replace(/[\\'"`$\n\r\u2028\u2029]/g, ''))
    const escaped = [
      '\\n',
      '\\t',
      "\\'",
      '\\"',
      '\\`',
      '\\\\',
      '\\x41',
      '\\u0041',
      '\\u{1F600}',
      '\\0',
      '\\q',
      '\\\n',
      '\\$',
    ]
    const piece = fc.oneof(plain, fc.constantFrom(...escaped, '$', '{'))
    const opensSubstitution = (before: string, after: string) => before === '$' && after.startsWith('{')
    const makesOctal = (before: string, after: string) => before === '\\0' && /^\d/.test(after)
    const joined = (pieces: readonly string[]) =>
      pieces
        .filter((one) => one !== '')
        .reduce<readonly string[]>((taken, one) => {
          const before = taken.at(-1) ?? ''
          return opensSubstitution(before, one) || makesOctal(before, one) ? taken : [...taken, one]
        }, [])
        .join('')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }).map(joined), fc.constantFrom("'", '"', '`'), (body, quote) => {
        const literal = `${quote}${body}${quote}`
        // oxlint-disable-next-line no-new-func
        const expected = new Function(`return ${literal}`)() as string
        const text = up(`await knex.raw(${literal} + '.')`)
        const script = read(text)
        expect(script.text).toBe(`${expected}.\n;\n`)
        const origins = [...expected].map((_, index) => script.origin(index).offset)
        expect(origins).toEqual(origins.toSorted((a, b) => a - b))
        for (const origin of origins) expect(origin).toBeGreaterThan(text.indexOf(literal))
        for (const origin of origins) expect(origin).toBeLessThan(text.indexOf(literal) + literal.length - 1)
      }),
    )
  })

  it('is looked for in files with a number alone', () => {
    const names = ['001_a.ts', '20260101-a.mjs', '1700000000000-A.js', 'Migration20260101.ts', '/x/2026_a.cts']
    expect(names.filter(isCodeFile)).toEqual(names)
    expect(['index.ts', 'a.ts', '001_a.d.ts', '001_a.test.ts', '001_a.sql', 'knexfile.js'].filter(isCodeFile)).toEqual(
      [],
    )
  })
})

describe('a folder of migration code', () => {
  async function load(files: Readonly<Record<string, string>>) {
    const folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-code-'))
    try {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(join(folder, name, '..'), { recursive: true })
        writeFileSync(join(folder, name), text)
      }
      const loaded = await loadSqlFiles([folder])
      await loaded.session.close()
      const below = (file: string) => file.replace(`${folder}/`, '')
      return {
        loaded,
        place: ({ file, line, column }: { file: string; line: number; column: number }) =>
          `${below(file)}:${line}:${column}`,
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  it('gives objects and errors their place in the code, and files that it reads theirs', async () => {
    const { loaded, place } = await load({
      'migrations/20260101_a.js': up(
        `await knex.raw(\`\n  create table t (\n    id int\n  )\`)\nawait knex.raw('selec\\u0074 1;\\n drop table\\n nowhere')`,
      ),
      'migrations/20260102_b.js': up(
        `const path = require('path'); await knex.raw(require('fs').readFileSync(path.join(__dirname, 'sql/b.sql'), 'utf8'))`,
      ),
      'migrations/sql/b.sql': '-- b\ncreate table b (id int);\n',
    })
    expect(loaded.layout.name).toBe('knex')
    expect(place(loaded.positions.get('public.t.id')!)).toBe('migrations/20260101_a.js:4:5')
    expect(place(loaded.positions.get('public.b')!)).toBe('migrations/sql/b.sql:2:1')
    expect(loaded.problems.map(({ location, message }) => `${place(location)} ${message}`)).toEqual([
      'migrations/20260101_a.js:6:34 table "nowhere" does not exist',
    ])
  })

  it('hangs what misses an unseen table on the calls that were not seen', async () => {
    const { loaded } = await load({
      '1700000000001_a.js': `exports.up = (pgm) => { pgm.createTable('a', { id: 'id' }); pgm.createTable('b', {}); pgm.sql('create index on a (id)') }`,
    })
    expect(loaded.problems.map(({ kind, message, dependents }) => [kind, message, dependents.length])).toEqual([
      ['unreadable', '2 calls are built by code, not written as SQL, and not seen: pgm.createTable 2 times.', 1],
    ])
  })

  it('does not take other code for migrations', async () => {
    await expect(load({ '001_page.ts': `export const up = 'stairs'`, '002_page.ts': '' })).rejects.toThrow(
      'no SQL file and no migration',
    )
    await expect(
      load({
        '001_a.js': `exports.up = (knex) => knex.raw('create table \`a\` (id int auto_increment) engine=InnoDB')`,
      }),
    ).rejects.toThrow('is for another database: MySQL')
  })
})
