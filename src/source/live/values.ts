import pg from 'pg'

type Parse = (text: string) => unknown

const TEXT_ARRAY = 1009
const parseTextArray: Parse = pg.types.getTypeParser(TEXT_ARRAY as number, 'text')

const SCALARS: ReadonlyMap<number, Parse> = new Map<number, Parse>([
  [16, (text) => text === 't'], // bool
  ...[21, 23, 26, 700, 701].map((oid): [number, Parse] => [oid, Number]), // int2, int4, oid, float4, float8
  ...[114, 3802].map((oid): [number, Parse] => [oid, (text) => JSON.parse(text)]), // json, jsonb
])

/** Array type → element type, of the built-in types that catalogs and statistics use. */
const ELEMENTS: ReadonlyMap<number, number> = new Map([
  [1000, 16], // bool
  [1002, 18], // "char"
  [1003, 19], // name
  [1016, 20], // int8
  [1005, 21], // int2
  [1007, 23], // int4
  [1008, 24], // regproc
  [TEXT_ARRAY, 25],
  [1028, 26], // oid
  [1011, 28], // xid
  [199, 114], // json
  [1021, 700], // float4
  [1022, 701], // float8
  [1034, 1033], // aclitem
  [1014, 1042], // bpchar
  [1015, 1043], // varchar
  [1182, 1082], // date
  [1183, 1083], // time
  [1115, 1114], // timestamp
  [1185, 1184], // timestamptz
  [1187, 1186], // interval
  [1231, 1700], // numeric
  [2210, 2205], // regclass
  [2211, 2206], // regtype
  [2951, 2950], // uuid
  [3807, 3802], // jsonb
])

/** How a session's values come from the server's text: the same as the embedded server gives them. */
export const VALUE_TYPES: pg.CustomTypesConfig = { getTypeParser: findParser as typeof pg.types.getTypeParser }

function findParser(oid: number): Parse {
  const element = ELEMENTS.get(oid)
  if (element === undefined) return SCALARS.get(oid) ?? keepText
  const parse = SCALARS.get(element) ?? keepText
  return (text) => parseElements(parseTextArray(text), parse)
}

function parseElements(value: unknown, parse: Parse): unknown {
  if (Array.isArray(value)) return value.map((element) => parseElements(element, parse))
  return value === null ? null : parse(value as string)
}

function keepText(text: string): string {
  return text
}
