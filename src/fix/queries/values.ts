import type { Type } from '../../evidence/catalog/model.js'

/** Values of a type as text that its input function takes: few, so that rows share them; boundaries among them. Empty for a type of which nothing is known. */
export function valuesOf(type: Type): readonly string[] {
  if (type.category === 'enum') return type.definition?.labels ?? []
  if (type.category === 'array') {
    const [first, second] = type.element ? valuesOf(type.element) : []
    return [
      '{}',
      ...(first === undefined ? [] : [`{"${escape(first)}"}`]),
      ...(second === undefined ? [] : [`{"${escape(first!)}","${escape(second)}"}`]),
    ]
  }
  if (type.category === 'range' || type.category === 'multirange') return rangesOf(type)
  if (type.length !== null && TEXTS.test(type.name)) return SHORT_TEXTS.map((text) => text.slice(0, type.length!))
  return VALUES[type.name] ?? []
}

/** The number-th of as many different values as are wanted, for columns that must not repeat; null where the type has too few. */
export function distinctValueOf(type: Type, number: number): string | null {
  const { name, length } = type
  if (/^int[248]$|^numeric$|^float[48]$|^oid$/.test(name)) return String(number + 1)
  if (name === 'uuid') return `00000000-0000-4000-8000-${String(number + 1).padStart(12, '0')}`
  if (TEXTS.test(name)) {
    const text = `v${number + 1}`
    return length !== null && text.length > length ? null : text
  }
  const day = String((number % 28) + 1).padStart(2, '0')
  const month = String((Math.floor(number / 28) % 12) + 1).padStart(2, '0')
  if (name === 'date') return `2026-${month}-${day}`
  if (name.startsWith('timestamp')) return `2026-${month}-${day} 12:00:00`
  return valuesOf(type)[number] ?? null
}

const TEXTS = /^(?:text|varchar|bpchar|citext|name)$/
const SHORT_TEXTS = ['a', 'b', 'A', 'c d', '10%']
const TIMES = [
  '2026-01-01 00:00:00',
  '2026-01-31 00:00:00',
  '2026-01-31 12:30:00',
  '2026-01-31 23:59:59.5',
  '2026-02-01 00:00:00',
]

const VALUES: Readonly<Record<string, readonly string[]>> = {
  bool: ['true', 'false'],
  int2: ['1', '2', '3', '0', '100'],
  int4: ['1', '2', '3', '0', '100', '-1'],
  int8: ['1', '2', '3', '0', '100', '5000000000'],
  numeric: ['1', '2.50', '0', '10', '99.99'],
  float4: ['1', '2.5', '0', '10'],
  float8: ['1', '2.5', '0', '10'],
  money: ['1', '2.50', '10'],
  text: SHORT_TEXTS,
  varchar: SHORT_TEXTS,
  bpchar: SHORT_TEXTS,
  citext: SHORT_TEXTS,
  name: SHORT_TEXTS,
  char: ['a', 'b'],
  date: ['2026-01-01', '2026-01-31', '2026-02-01'],
  timestamp: TIMES,
  timestamptz: TIMES,
  time: ['00:00', '12:30', '23:59:59'],
  timetz: ['00:00', '12:30'],
  interval: ['1 day', '1 month', '0'],
  uuid: [1, 2, 3].map((number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`),
  json: ['{}', '{"a": 1}', '[]'],
  jsonb: ['{}', '{"a": 1}', '[]'],
  bytea: ['\\x', '\\x01'],
  inet: ['10.0.0.1', '10.0.0.2'],
  cidr: ['10.0.0.0/8', '192.168.0.0/16'],
  macaddr: ['08:00:2b:01:02:03'],
  bit: ['1', '0'],
  varbit: ['1', '0'],
  tsvector: ['a', 'a b'],
  xml: ['<a/>'],
  oid: ['1', '2'],
  point: ['(0,0)', '(1,1)'],
}

function rangesOf({ name, definition }: Type): readonly string[] {
  const subtype = definition?.subtype?.name ?? RANGED[name.replace('multirange', 'range')]
  const [low, high] = (subtype ? VALUES[subtype] : undefined) ?? []
  if (low === undefined || high === undefined) return ['empty']
  return name.includes('multirange') ? [`{[${low},${high})}`] : [`[${low},${high})`, `[${low},)`, 'empty']
}

const RANGED: Readonly<Record<string, string>> = {
  int4range: 'int4',
  int8range: 'int8',
  numrange: 'numeric',
  tsrange: 'timestamp',
  tstzrange: 'timestamptz',
  daterange: 'date',
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
}
