import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { ConfigError, SqlLoadError } from '../../src/errors.js'
import { loadSqlFiles } from '../../src/source/files/load.js'
import type { LoadedFiles, LoadOptions } from '../../src/source/files/model.js'
import { decode } from '../../src/source/files/read.js'
import { renderTemplate } from '../../src/source/files/templates.js'

const root = mkdtempSync(join(tmpdir(), 'scripts-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let folders = 0

function write(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = join(root, String(++folders))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

async function load<T>(
  files: Readonly<Record<string, string | Uint8Array>>,
  look: (loaded: LoadedFiles, folder: string) => Promise<T>,
  options: LoadOptions & { readonly only?: string } = {},
): Promise<T> {
  const folder = write(files)
  const loaded = await loadSqlFiles([options.only ? join(folder, options.only) : folder], options)
  try {
    return await look(loaded, folder)
  } finally {
    await loaded.session.close()
  }
}

describe('psql scripts', () => {
  it('follows includes, conditions, variables, data and what queries give', () =>
    load(
      {
        'main.psql': `\\set ON_ERROR_STOP on
\\set prefix 'app_'
\\if :{?missing}
create table never (id int);
\\elif true
\\ir parts/tables.sql
\\else
create table neither (id int);
\\endif
create table :"prefix" (note text default :'prefix');
select 'from_query' as table_name \\gset
create table :table_name (id int);
select format('create table %I (id int)', name) from unnest(array['one', 'two']) name \\gexec
\\copy items (id, name) from 'data.csv' with (format csv, header)
\\copy items from stdin
3\tthree
\\.
\\connect other_database
\\! touch /tmp/x
\\i ../../../../etc/passwd
create table :unset_name (id int);
insert into items values (4, 'a:b'), (5, $$:prefix$$);
\\q
create table after_quit (id int);
`,
        'parts/tables.sql': 'create table items (id int primary key, name text);\n',
        'data.csv': 'id,name\n1,"a;b"\n2,c\n',
      },
      async ({ session, problems, standIns, skipped, positions, layout }, folder) => {
        const tables = await session.query<{ name: string }>(
          `select relname::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1`,
        )
        expect(tables.map(({ name }) => name)).toEqual(['app_', 'from_query', 'items', 'one', 'two', 'unset_name'])
        expect(await session.query('select id, name from items order by id')).toEqual([
          { id: 1, name: 'a;b' },
          { id: 2, name: 'c' },
          { id: 3, name: 'three' },
          { id: 4, name: 'a:b' },
          { id: 5, name: ':prefix' },
        ])
        expect(problems.map(({ kind, location: { line }, excerpt }) => `${kind} ${line} ${excerpt}`)).toEqual([
          'refused 19 \\!',
          'unreadable 20 \\i ../../../../etc/passwd',
        ])
        expect(standIns.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['other unset_name'])
        expect(skipped.map(({ what }) => what)).toEqual(['\\connect'])
        expect(layout.leftOut).toHaveLength(1)
        expect(positions.get('public.items.name')).toEqual({
          file: join(folder, 'parts/tables.sql'),
          line: 1,
          column: 41,
        })
        expect(positions.get('public.two')).toMatchObject({ line: 13, column: 1 })
      },
    ))

  it('ends includes that go in circles', () =>
    load({ 'a.sql': '\\ir a.sql\ncreate table a (id int);\n' }, async ({ problems }) => {
      expect(problems.map(({ kind }) => kind)).toContain('unreadable')
    }))
})

describe('reading files', () => {
  it('reads every encoding', async () => {
    const text = 'create table "é" (id int);'
    const utf16 = Buffer.from(text, 'utf16le')
    const expected = [
      Buffer.from(text),
      Buffer.from(`\ufeff${text}`),
      Buffer.from(text, 'latin1'),
      utf16,
      Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]),
      Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(utf16).swap16()]),
    ].map((bytes) => decode(bytes))
    expect(expected).toEqual(Array(6).fill(text))
  })

  it('unpacks .gz, minds CRLF and keeps session state apart', () =>
    load(
      {
        '1.sql.gz': gzipSync('set search_path = nowhere;\r\nset role someone;\r\ncreate schema s;\r\n'),
        '2.sql': 'create table t (\r\n  id int,\r\n  b text\r\n);\r\ncopy t from stdin;\r\n1\tx\r\n\\.\r\n',
      },
      async ({ positions, problems, session }) => {
        expect(problems).toEqual([])
        expect(positions.get('public.t.b')).toMatchObject({ line: 3, column: 3 })
        expect(await session.query('select b from t')).toEqual([{ b: 'x' }])
        expect(await session.query(`select rolname::text as name from pg_roles where rolsuper`)).toEqual([
          { name: 'postgres' },
        ])
      },
    ))

  it('tries again at the end when no tool gives an order', () =>
    load(
      {
        'a.sql': 'set search_path = app;\ncreate view totals as select sum(amount) from lines;\n',
        'b.sql': 'create schema app;\ncreate table app.lines (amount numeric(14, 2));\n',
      },
      async ({ problems, positions }) => {
        expect(problems).toEqual([])
        expect(positions.get('app.totals')).toMatchObject({ line: 2 })
      },
    ))

  it('finds what only one schema has, as a runner with a search path would', () =>
    load(
      {
        '1.sql': 'create schema app;\ncreate table app.t (id int);\n',
        '2.sql': 'create index t_idx on t (id);\nselect * from nowhere;\n',
      },
      async ({ problems, standIns, positions }) => {
        expect(problems.map(({ message }) => message)).toEqual(['relation "nowhere" does not exist'])
        expect(standIns).toMatchObject([{ kind: 'other', name: 'search_path app', locations: [{ line: 1 }] }])
        expect(positions.get('app.t.t_idx')).toMatchObject({ line: 1, column: 1 })
      },
    ))

  it('leaves files for MySQL out, and says so when nothing is left', async () => {
    const mysql = 'create table `t` (`id` int) engine=InnoDB;\n'
    await expect(loadSqlFiles([write({ 'a.sql': mysql })])).rejects.toThrow('is for another database: MySQL')
    await load({ 'a.sql': mysql, 'b.sql': '-- engine=InnoDB\ncreate table t (id int);' }, async ({ layout }) => {
      expect(layout.applied).toHaveLength(1)
    })
  })

  it('are for another database by folder, by the end of the name or beside a twin, not by their title', async () => {
    const table = (name: string) => `create table ${name} (id int primary key);`
    const folder = write({
      '001_plans.sqlite.up.sql': table('a'),
      '001_plans.up.sql': table('plan'),
      '002_outbox_sqlite_cleanup.up.sql': 'alter table plan add column note text;',
      '002_outbox_sqlite_cleanup.down.sql': 'alter table plan drop column note;',
      '003_mysql.up.sql': table('b'),
      '003_postgres.up.sql': table('usage'),
      '004_like_oracle.up.sql': 'create table invoice (id bigserial primary key);',
    })
    const loaded = await loadSqlFiles([folder])
    await loaded.session.close()
    const names = (files: readonly string[]) => files.map((file) => file.replace(/^.*\//, ''))
    expect(names(loaded.layout.applied)).toEqual([
      '001_plans.up.sql',
      '002_outbox_sqlite_cleanup.up.sql',
      '003_postgres.up.sql',
      '004_like_oracle.up.sql',
    ])
    expect(loaded.layout.leftOut.map(({ reason }) => reason).toSorted()).toEqual([
      'is for another database: mysql',
      'is for another database: sqlite',
      'undoes a migration',
    ])
  })

  it('says what is wrong with the arguments', async () => {
    const empty = write({ 'readme.md': '' })
    await expect(loadSqlFiles([join(root, 'none')])).rejects.toThrow(SqlLoadError)
    await expect(loadSqlFiles([empty])).rejects.toMatchObject({ hint: expect.any(String) })
    await expect(loadSqlFiles([write({ 'a.sql': '' })], { layout: 'nonsense' })).rejects.toThrow(ConfigError)
  })

  it('obeys --layout', () =>
    load(
      {
        'x/1_a.up.sql': 'create table a (id int);',
        'x/1_a.down.sql': 'drop table a;',
        'x/b.sql': 'create table b (id int);',
      },
      async ({ layout }) => {
        expect(layout.name).toBe('plain')
        expect(layout.applied).toHaveLength(2)
      },
      { layout: 'plain' },
    ))
})

describe('templates', () => {
  const render = (text: string, variables: Readonly<Record<string, string>> = {}) =>
    renderTemplate(text, new Map(Object.entries(variables))).text

  it.each([
    ['create table {{ .Schema }}.t (id int)', 'create table billing.t (id int)'],
    ["set search_path = '{{.Schema}}'", "set search_path = 'billing'"],
    ['create table "${schema}".t (id int)', 'create table "billing".t (id int)'],
    [
      "select '{{1,2},{3,4}}'::int[], '${unknown}', '{{a,b}}'",
      "select '{{1,2},{3,4}}'::int[], '${unknown}', '{{a,b}}'",
    ],
    ['{{ if .Concurrent }}concurrently{{ else }}slowly{{ end }}', 'slowly'],
    ['{{ if not .Concurrent }}slowly{{ end }}.', 'slowly.'],
    ['{{ if .Schema }}{{ .Schema }}{{ end }}', 'billing'],
    ['{{ index .Options "Namespace" }}.users', 'Namespace.users'],
    ['select $$ ${schema} $$', 'select $$ billing $$'],
    ['create table @schema.t (id int); select 1 @> 2', 'create table billing.t (id int); select 1 @> 2'],
    ['-- {{ comment }}\nselect 1', '-- {{ comment }}\nselect 1'],
  ])('%s', (text, expected) => {
    expect(render(text, { Schema: 'billing', schema: 'billing' })).toBe(expected)
  })

  it('keeps positions', () => {
    const text = '{{ if .No }}\ncreate table a ();\n{{ end }}create table {{ .Long }} ();'
    const rendered = renderTemplate(text, new Map([['Long', 'x']]))
    expect(rendered.text).toBe('create table x ();')
    expect(rendered.origin(0)).toBe(text.lastIndexOf('create'))
    expect(rendered.origin(rendered.text.indexOf('('))).toBe(text.lastIndexOf('('))
  })
})
