import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import { createCollapse } from '../../src/evidence/workload/log/collapse.js'
import type { LogEntry } from '../../src/evidence/workload/log/entry.js'
import { watchLoops } from '../../src/evidence/workload/log/loops.js'
import { readMessage } from '../../src/evidence/workload/log/message.js'
import { readServerLogs } from '../../src/evidence/workload/log/read.js'
import { createStderrReader } from '../../src/evidence/workload/log/stderr.js'
import { parseQuery } from '../../src/evidence/workload/parse-query.js'
import { readTags } from '../../src/evidence/workload/tags.js'

const folder = mkdtempSync(join(tmpdir(), 'server-log-'))

beforeAll(loadParser)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('shapes of texts', () => {
  const collapse = createCollapse()
  const literal = fc.oneof(
    fc.nat().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }).map((number) => String(number)),
    fc.string().map((text) => `'${text.replaceAll("'", "''").replaceAll('\0', '')}'`),
    fc.constantFrom('$1', '$22', `E'it\\'s'`, `$$ ' $$`, `$a$ $$ $a$`),
  )
  const gap = fc.constantFrom(' ', '\n', '\n\t', " -- it's\n", ' /* a /* b */ 7 */ ')
  const query = fc.constantFrom<readonly string[]>(
    ['select', '*', 'from a', 'where b =', '?', 'and c in (', '?', ')', 'limit', '?'],
    ['insert into a (b, "c 1")', 'values (', '?', ',', '?', ')'],
    ['update a1', 'set b = b +', '?', ', c_2 =', '?', 'where d >', '?'],
    ['select a.b1 from a where lower(a.c) =', '?', 'order by', 'a.d'],
  )
  const written = fc.tuple(
    query,
    fc.array(literal, { minLength: 9, maxLength: 9 }),
    fc.array(gap, { minLength: 9, maxLength: 9 }),
  )
  const write = ([parts, literals, gaps]: readonly [readonly string[], readonly string[], readonly string[]]) =>
    parts.map((part, at) => (part === '?' ? (literals[at % 9] ?? '') : part) + (gaps[at % 9] ?? '')).join('')

  it('are equal for one query with other literals, comments and white space, and for no other query', () => {
    fc.assert(
      fc.property(written, written, (a, b) => {
        expect(collapse(write(a)).shape === collapse(write(b)).shape).toBe(a[0] === b[0])
      }),
      { numRuns: 500 },
    )
  })

  it('are as equal as the fingerprints of the parser', () => {
    fc.assert(
      fc.property(written, written, (a, b) => {
        const prints = [a, b].map((one) => parseQuery(write(one)))
        const [one, other] = prints.map((parsed) => (typeof parsed === 'object' ? parsed?.fingerprint : parsed))
        if (collapse(write(a)).shape === collapse(write(b)).shape) expect(one).toBe(other)
      }),
      { numRuns: 200 },
    )
  })

  it.each([
    ['select 1', 'SELECT  2;'.slice(0, -1), true],
    ['select a from b where c in (1, 2, 3)', 'select a from b where c in ($1,$2)', true],
    ['select a1 from b', 'select a2 from b', false],
    ['select a from "B"', 'select a from "b"', false],
    ['select a from b', 'select ab from b', false],
    ['select a, b from c', 'select a b from c', false],
    ["select 'a' || 'b'", "select 'a''b'", false],
    ['select 1.5e+3, x from t', 'select 2, x from t', true],
  ])('%s | %s', (a, b, isEqual) => expect(collapse(a).shape === collapse(b).shape).toBe(isEqual))

  it('tell values apart', () => {
    const values = [`a = 1 and b = 'x'`, `a = 1 and b = 'y'`, `a = 11 and b = ''`, `a = 1 and b = '1'`].map(
      (sql) => collapse(sql).values,
    )
    expect(new Set(values).size).toBe(values.length)
    expect(collapse('a  =  1').values).toBe(collapse('a=1 -- 2').values)
  })
})

describe('lines of stderr', () => {
  const read = (text: string, setting?: string, sizes = [text.length]) => {
    const entries: LogEntry[] = []
    const reader = createStderrReader('a.log', setting, (entry) => entries.push(entry))
    let at = 0
    for (const size of sizes) reader.push(text.slice(at, (at += size)))
    reader.push(text.slice(at))
    reader.end()
    return { entries, unread: Object.fromEntries(reader.unread) }
  }
  const message = `duration: 1.5 ms  statement: select 1\n\tfrom a`
  const time = Date.UTC(2026, 0, 2, 3, 4, 5)
  it.each([
    ['%m [%p] ', '2026-01-02 03:04:05.678 UTC [77] ', { time: time + 678, session: '77', database: null }],
    [
      '%m [%p] %q%u@%d ',
      '2026-01-02 03:04:05.678 CET [77] app@billing ',
      { time: time + 678, session: '77', database: 'billing' },
    ],
    [
      '%t:%r:%u@%d:[%p]:',
      '2026-01-02 03:04:05 UTC:10.0.0.7(5432):app@billing:[77]:',
      { time, session: '77', database: 'billing' },
    ],
    [
      '%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ',
      '2026-01-02 03:04:05 UTC [77]: [3-1] user=app,db=billing,app=my app,client=::1 ',
      { time, session: '77', database: 'billing' },
    ],
    [
      '%m [%c] ',
      '2026-01-02 03:04:05.678 UTC [6956a1b2.4d] ',
      { time: time + 678, session: '6956a1b2.4d', database: null },
    ],
    ['', '', { time: null, session: null, database: null }],
  ])('with the usual prefix %s', (_, prefix, expected) => {
    const text = `${prefix}LOG:  ${message}\n${prefix}DETAIL:  parameters: $1 = '7'\n${prefix}ERROR:  no\n`.repeat(3)
    const entry = { ...expected, message, detail: `parameters: $1 = '7'` }
    expect(read(text)).toEqual({ entries: [entry, entry, entry], unread: {} })
  })

  it('with a prefix of the user’s own', () => {
    const text = `<7%> billing|bob|2026-01-02 03:04:05.678 UTC|LOG:  ${message}\n`
    expect(read(text, '<7%%> %d|%5u|%m|').entries).toEqual([
      { time: time + 678, session: null, database: 'billing', message, detail: null },
    ])
    expect(() => read(text)).toThrow('a.log: the beginning of its lines is none of the usual ones.')
    expect(() => read(text, '%z')).toThrow('log_line_prefix has no escape %z.')
  })

  it('counts lines of another prefix', () => {
    const usual = `2026-01-02 03:04:05.678 UTC [77] LOG:  ${message}\n`
    const { entries, unread } = read(`${usual.repeat(30)}2026-01-02 [1] LOG:  ${message}\nnothing\n${usual}`)
    expect(entries).toHaveLength(31)
    expect(unread).toEqual({ 'with another prefix': 2 })
  })

  it('in pieces of any size', () => {
    const text = Array.from(
      { length: 40 },
      (_, at) => `2026-01-02 03:04:05.678 UTC [${at}] LOG:  ${message} -- ${at}\r\n`,
    ).join('')
    const whole = read(text)
    expect(whole.entries).toHaveLength(40)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 })), (sizes) => {
        expect(read(text, '%m [%p] ', sizes)).toEqual(whole)
      }),
    )
  })
})

it.each([
  ['duration: 0.5 ms  statement: select 1', { kind: 'statement', sql: 'select 1', milliseconds: 0.5 }],
  ['duration: 0.5 ms  execute <unnamed>: select 1', { kind: 'statement', sql: 'select 1', milliseconds: 0.5 }],
  [
    'duration: 2 ms  execute a:b/c:d: select 1',
    { kind: 'statement', sql: expect.stringContaining('select 1'), milliseconds: 2 },
  ],
  ['duration: 0.5 ms  bind <unnamed>: select 1', { kind: 'preparation', sql: 'select 1', milliseconds: 0.5 }],
  ['duration: 0.5 ms', { kind: 'duration', milliseconds: 0.5 }],
  ['statement: select 1', { kind: 'statement', sql: 'select 1', milliseconds: null }],
  ['execute <unnamed>: select 1', { kind: 'statement', sql: 'select 1', milliseconds: null }],
  [
    'duration: 3.25 ms  plan:\n\tQuery Text: select *\n\t  from a\n\tSeq Scan on a  (cost=0.00..1.00 rows=1 width=4)',
    {
      kind: 'plan',
      sql: 'select *\n\t  from a',
      milliseconds: 3.25,
      plan: '\n\tSeq Scan on a  (cost=0.00..1.00 rows=1 width=4)',
    },
  ],
  [
    'duration: 3.25 ms  plan:\n\t{\n\t  "Query Text": "select 1",\n\t  "Plan": {}\n\t}',
    {
      kind: 'plan',
      sql: 'select 1',
      milliseconds: 3.25,
      plan: '\t{\n\t  "Query Text": "select 1",\n\t  "Plan": {}\n\t}',
    },
  ],
  ['duration: 3.25 ms  plan:\n\t{ "Query Text": "sel', null],
  ['checkpoint starting: time', null],
  ['connection authorized: user=a', null],
])('reads the message %s', (text, event) => expect(readMessage(text)).toEqual(event))

describe('loops', () => {
  /** `at shape values` for each statement of session `s`. */
  const watch = (...seen: readonly (readonly [number, number, number])[]) => {
    const loops = watchLoops()
    for (const [at, shape, values] of seen) loops.see('s', at, shape, values, 1)
    return loops
      .finish()
      .map(({ parent, child, times, executions, longest }) => [parent, child, times, executions, longest])
  }
  const rounds = (count: number, round: (number: number) => readonly (readonly [number, number, number])[]) =>
    Array.from({ length: count }, (_, number) => round(number)).flat()

  it('name the query before them', () => {
    expect(watch([0, 1, 9], ...rounds(6, (n) => [[n, 2, n]]))).toEqual([[1, 2, 1, 6, 6]])
  })
  it('may have several queries in their body', () => {
    const seen = watch(
      [0, 1, 9],
      ...rounds(6, (n) => [
        [n, 2, n],
        [n, 3, n + 50],
        [n, 4, n + 90],
      ]),
      [9, 5, 0],
    )
    expect(seen.toSorted()).toEqual([
      [1, 2, 1, 6, 6],
      [1, 3, 1, 6, 6],
      [1, 4, 1, 6, 6],
    ])
  })
  it('are counted apart when their parent runs again', () => {
    const once = (n: number): (readonly [number, number, number])[] => [
      [n, 1, n],
      ...rounds(5, (m) => [[n, 2, n * 9 + m]]),
    ]
    expect(watch(...rounds(3, once))).toEqual([[1, 2, 3, 15, 5]])
  })
  it('are none with equal values, with pauses, or with few rounds', () => {
    expect(watch([0, 1, 9], ...rounds(20, (n) => [[n, 2, 7]]))).toEqual([])
    expect(watch([0, 1, 9], ...rounds(20, (n) => [[n * 5000, 2, n]]))).toEqual([])
    expect(watch([0, 1, 9], ...rounds(4, (n) => [[n, 2, n]]))).toEqual([])
  })
  it('are none where two clients try again by turns, and may hold a value twice', () => {
    expect(watch([0, 1, 9], ...rounds(20, (n) => [[n, 2, n % 2]]))).toEqual([])
    expect(watch([0, 1, 9], ...rounds(6, (n) => [[n, 2, Math.max(n, 2)]]))).toEqual([[1, 2, 1, 6, 6]])
  })
  it('are not made of two sessions', () => {
    const loops = watchLoops()
    for (let n = 0; n < 40; n++) loops.see(`s${n % 10}`, n, 2, n, 1)
    expect(loops.finish()).toEqual([])
  })
})

describe('files', () => {
  const line = (sql: string, ms = 1, pid = 1) =>
    `2026-01-01 00:00:00.000 UTC [${pid}] app@billing LOG:  duration: ${ms}.000 ms  statement: ${sql}\n`
  const write = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }

  it('count together, in UTF-8, and keep what cannot be parsed out', async () => {
    const first = write(
      'first.log',
      line(`select 'ä' as "größe" from a where b = 1`) + line('select from from') + line('set x = 1'),
    )
    const second = write('second.log.gz', gzipSync(line(`select 'ß' as "größe" from a where b = 2`, 5)))
    const { workload, notSeen } = await readServerLogs([first, second])
    expect(workload.queries).toEqual([
      expect.objectContaining({
        normalized: 'select $1 as "größe" from a where b = $2',
        measured: expect.objectContaining({ calls: 2, milliseconds: 6, longestMilliseconds: 5 }),
      }),
    ])
    expect(notSeen).toEqual([
      { what: '1 statement of the log', reason: 'They cannot be parsed; the first: syntax error at or near "from".' },
    ])
  })

  it('whose prefix changes are read on', async () => {
    const usual = Array.from({ length: 30 }, (_, at) => line(`select ${at}`))
    const others = usual.map((text) =>
      text.replace(/^.* app@billing /, '2026-01-01 00:00:00 UTC::1(54):app@billing:[7]:'),
    )
    for (const text of [[...usual, ...others].join(''), usual.map((one, at) => one + others[at]).join('')]) {
      const { workload, notSeen } = await readServerLogs([write('changed.log', text)])
      expect(workload.queries[0]?.measured?.calls).toBe(60)
      expect(notSeen).toEqual([])
    }
    const { workload, notSeen } = await readServerLogs([write('changed.log', [...usual, ...others].join(''))], {
      linePrefix: '%m [%p] %q%u@%d ',
    })
    expect(workload.queries[0]?.measured?.calls).toBe(30)
    expect(notSeen.map(({ what }) => what)).toEqual([expect.stringMatching(/^30 lines of .*changed.log$/)])
  })

  it.each([
    ['that are empty', ''],
    ['in another language', line('select 1').replace('duration', 'Dauer').replace('statement', 'Anweisung').repeat(9)],
  ])('%s are said to tell nothing', async (_, text) => {
    const { notSeen } = await readServerLogs([write('silent.log', text)])
    expect(notSeen).toEqual([
      {
        what: expect.stringMatching(/^queries in .*silent.log$/),
        reason: expect.stringMatching(/^No message of it tells of a statement; .*lc_messages = C\.$/),
      },
    ])
  })

  it('show no literal of what cannot be parsed', async () => {
    const secrets = [
      `select 'secret`,
      `select from a 'secret' b`,
      'select a b 4711',
      'select 1 x y 12secret',
      `selec $$secret`,
    ]
    for (const sql of secrets) {
      const { notSeen } = await readServerLogs([write('secret.log', line(sql))])
      expect(notSeen).toHaveLength(1)
      expect(notSeen[0]?.reason).toMatch(/^They cannot be parsed; the first: /)
      expect(notSeen[0]?.reason).not.toMatch(/secret|4711/)
    }
  })

  it('without values say that loops cannot be told', async () => {
    const prepared = line('select a from b where c = $1').replace('statement:', 'execute <unnamed>:')
    const { workload, notSeen } = await readServerLogs([write('valueless.log', prepared.repeat(9))])
    expect(workload.sequences).toEqual([])
    expect(notSeen.map(({ what }) => what)).toEqual(['which of 9 executions are loops'])
  })

  it('of other databases do not count', async () => {
    const path = write('other.log', line('select 1') + line('select 2 as two').replace('@billing', '@other'))
    const { workload } = await readServerLogs([path], { database: 'billing' })
    expect(workload.queries.map(({ normalized }) => normalized)).toEqual(['select $1'])
  })

  it('that break off or are none are named, and the others are read', async () => {
    const whole = gzipSync(Array.from({ length: 5000 }, (_, at) => line(`select ${at}`)).join(''))
    const paths = [
      write('cut.log.gz', whole.subarray(0, whole.length - 20)),
      write('plain.log.gz', line('select 1')),
      write('own.log', '<7> LOG:  duration: 1.0 ms  statement: select 1\n'.repeat(9)),
      write('other.log', line('select 1')),
    ]
    const { workload, notSeen } = await readServerLogs(paths)
    expect(workload.queries[0]?.measured?.calls).toBeGreaterThan(2000)
    const bare = (text: string) => text.replace(/\S*\//, '')
    expect(notSeen.map(({ what, reason }) => [bare(what), bare(reason)])).toEqual([
      ['the rest of cut.log.gz', 'cut.log.gz cannot be read: unexpected end of file.'],
      ['the log plain.log.gz', 'plain.log.gz cannot be read: incorrect header check.'],
      ['the log own.log', expect.stringMatching(/^own.log: the beginning .* --log-line-prefix/)],
    ])
    await expect(readServerLogs([write('empty.log.gz', line('select 1'))])).rejects.toThrow(/header check/)
    await expect(readServerLogs([write('no.log', 'hello\n')])).rejects.toThrow(/none of the usual ones/)
    await expect(readServerLogs([write('binary.log', Buffer.from([0, 255, 10, 13, 0]))])).rejects.toThrow(
      /none of the usual ones/,
    )
  })
})

it('reads the tags of sqlcommenter', () => {
  expect(readTags(`select 1 /*action='%2Fpay*',db_driver='a\\'b', framework='x'*/;`)).toEqual({
    action: '/pay*',
    db_driver: "a'b",
    framework: 'x',
  })
  expect(readTags(`select '/*a=''b''*/' -- c='d'`)).toEqual({})
})
