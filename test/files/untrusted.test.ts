import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { loadSqlFiles } from '../../src/source/files/load.js'

const root = mkdtempSync(join(tmpdir(), 'untrusted-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const REFUSED = [
  `copy (select 1) to program 'id'`,
  `copy t from program 'id'`,
  `copy t from '/etc/passwd'`,
  `copy t to '/tmp/out'`,
  `load '/tmp/evil.so'`,
  `alter system set archive_command = 'id'`,
  `create tablespace evil location '/tmp'`,
  `select pg_read_file('/etc/passwd')`,
  `insert into t select pg_catalog.pg_read_binary_file('/etc/passwd')`,
  `select lo_import('/etc/passwd')`,
  `select * from dblink('host=example.com', 'select 1') as x (a int)`,
  `do $$ begin copy t to program 'id'; end $$`,
  `do $$ begin execute 'copy t from program ''id'''; end $$`,
  `do $$ begin perform pg_ls_dir('/'); end $$`,
]

describe('untrusted SQL', () => {
  it('is refused where it reaches outside the database, at its position', async () => {
    const file = join(root, 'refused.sql')
    writeFileSync(
      file,
      `create table t (a text);\n${REFUSED.join(';\n')};\ncomment on table t is 'copy from program, pg_read_file()';\n`,
    )
    const { session, problems, statements } = await loadSqlFiles([file])
    await session.close()
    expect(problems.map(({ kind, location: { line }, excerpt }) => `${kind} ${line} ${excerpt}`)).toEqual(
      REFUSED.map((sql, index) => `refused ${index + 2} ${sql}`),
    )
    expect(statements.at(-1)?.outcome).toBe('applied')
  })

  it('loses only the statement that never ends', async () => {
    const file = join(root, 'endless.sql')
    writeFileSync(
      file,
      `create table a (id int);
create function f() returns void language plpgsql as $$ begin loop end loop; end $$;
select f();
create table b (id int);
`,
    )
    const { session, problems, positions } = await loadSqlFiles([file], { statementTimeout: 3000 })
    await session.close()
    expect(problems).toMatchObject([{ kind: 'limit', location: { line: 3, column: 1 } }])
    expect([...positions.keys()]).toEqual(expect.arrayContaining(['public.a', 'public.b']))
  })

  it('leaves out the one endless definition among those that share a message', async () => {
    const file = join(root, 'shared.sql')
    writeFileSync(
      file,
      `create table a (id int);
insert into a values (1);
create function endless(int) returns int immutable language plpgsql as $$ begin loop null; end loop; end $$;
create table b (id int);
create index on b (id);
create index endless_idx on a (endless(id));
create table c (id int);
`,
    )
    const { session, problems, positions } = await loadSqlFiles([file], { statementTimeout: 3000 })
    await session.close()
    expect(problems).toMatchObject([{ kind: 'limit', location: { line: 6, column: 1 } }])
    expect(positions.get('public.c')).toMatchObject({ line: 7 })
    expect([...positions.keys()]).toEqual(expect.arrayContaining(['public.b.b_id_idx']))
  })

  it('ends with an error when memory runs out again and again', async () => {
    const file = join(root, 'memory.sql')
    writeFileSync(file, 'create table a (id int);\n')
    await expect(loadSqlFiles([file], { memoryLimit: 1 })).rejects.toThrow(/memory/)
  })

  it('gives problems, never an exception, for random bytes and truncated dumps', async () => {
    const dump = `SET client_encoding = 'UTF8';\nCREATE TABLE public.t (id integer NOT NULL, "na;me" text DEFAULT 'x''y');
COPY public.t (id) FROM stdin;\n1\n2\n\\.\nCREATE FUNCTION public.f() RETURNS integer LANGUAGE plpgsql AS $_$ BEGIN RETURN 1; END $_$;
ALTER TABLE ONLY public.t ADD CONSTRAINT t_pkey PRIMARY KEY (id); /* end */\n`
    const bytes = fc.sample(fc.uint8Array({ maxLength: 300 }), { numRuns: 15, seed: 7 })
    const words = fc.sample(
      fc.array(
        fc.constantFrom(
          ...`create table t ( ) ; ' " $$ \\ \\if \\endif \\i : begin end commit rollback savepoint a copy from stdin -- /* */ 1 , \n`.split(
            ' ',
          ),
        ),
        {
          maxLength: 40,
        },
      ),
      { numRuns: 15, seed: 8 },
    )
    const cuts = Array.from({ length: 15 }, (_, index) => dump.slice(0, Math.floor((dump.length * (index + 1)) / 16)))
    const contents = [...bytes, ...words.map((parts) => parts.join(' ')), ...cuts]
    const files = contents.map((content, index) => {
      const file = join(root, `${index}.random.sql`)
      writeFileSync(file, content)
      return file
    })
    const { session, problems } = await loadSqlFiles(files)
    await session.close()
    expect(problems.length).toBeGreaterThan(0)
    for (const { location, message } of problems) {
      expect(location.line).toBeGreaterThan(0)
      expect(message).not.toBe('')
    }
  })
})
