import type { Table } from '../../evidence/catalog/model.js'
import { quoteLiteral } from '../../quote.js'
import { quoteRelation } from '../quote.js'

/** Months of partitions that are made at once, and that should always lie ahead. */
export const MONTHS_AHEAD = 12

/** How a month's first instant is written for each type of a partition key, behind its date and time in UTC. */
const WRITTEN: Readonly<Record<string, string>> = {
  timestamptz: "::text || '+00'",
  timestamp: '::text',
  date: '::date::text',
}

/** Whether rows can be kept apart by months of a column of this type. */
export function hasMonths(type: string): boolean {
  return Object.hasOwn(WRITTEN, type)
}

/** A month's first instant in UTC, as a bound of partitions: `month` is an operand of type timestamp. */
export function boundOf(month: string, type: string): string {
  return `${month}${WRITTEN[type] ?? '::text'}`
}

/** Text as a part of a literal that `format` is given. */
export function inFormat(text: string): string {
  return text.replaceAll('%', '%%').replaceAll("'", "''")
}

/**
 * Body of a function in PL/pgSQL that makes partitions by month from this one on, `ahead` of them, where they are not there, and tells
 * how many it made. With `covered`, months that a partition of another name holds are passed over.
 */
export function addMonthPartitions(
  { schema, name }: Pick<Table, 'schema' | 'name'>,
  type = 'timestamptz',
  covered = false,
): string {
  const home = quoteLiteral(schema.name)
  const parent = inFormat(quoteRelation({ schema, name }))
  const next = boundOf("(month + interval '1 month')", type)
  const indent = covered ? '        ' : '      '
  const make = [
    `execute format('create table %I.%I partition of ${parent} for values from (%L) to (%L)',`,
    `  ${home}, part, ${boundOf('month', type)}, ${next});`,
    'made := made + 1;',
  ].map((line) => `${indent}${line}`)
  return [
    'declare',
    `  month timestamp := date_trunc('month', now() at time zone 'UTC');`,
    '  made integer := 0;',
    '  part text;',
    'begin',
    '  for number in 0..ahead loop',
    `    part := ${quoteLiteral(`${name}_`)} || to_char(month, 'YYYYMM');`,
    `    if to_regclass(format('%I.%I', ${home}, part)) is null then`,
    ...(covered
      ? ['      begin', ...make, '      exception when invalid_object_definition then null;', '      end;']
      : make),
    '    end if;',
    `    month := month + interval '1 month';`,
    '  end loop;',
    '  return made;',
    'end',
  ].join('\n')
}
