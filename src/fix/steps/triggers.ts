import type { Schema, Table } from '../../evidence/catalog/model.js'
import { quoteBody, quoteIdentifier, quoteLiteral } from '../../quote.js'
import { newName, quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { STEP } from './base.js'

/** A trigger that runs a guard's function for each row. */
export interface GuardTrigger {
  readonly table: Table
  readonly timing: 'before' | 'after'
  /** In SQL: `insert or update of amount`. */
  readonly events: string
  /** Waits until the transaction commits. Only with `after`. */
  readonly deferred?: boolean
  /** A condition on OLD and NEW, in SQL. */
  readonly when?: string
  /** What the function finds in `tg_argv[0]`. */
  readonly argument?: string
}

/** A trigger function in PL/pgSQL and the triggers that call it. */
export interface Guard {
  readonly schema: Schema
  /** Parts of the function's name; triggers are called after it. */
  readonly name: readonly string[]
  /** Declarations, each with its semicolon. */
  readonly declare?: readonly string[]
  /** Statements, each with its semicolon; relations in them are qualified. */
  readonly body: readonly string[]
  readonly triggers: readonly GuardTrigger[]
  /** Counts the rows that break what is guarded already. */
  readonly precheck?: string
  /** Names of functions that are taken. */
  readonly taken: ReadonlySet<string>
}

/** A function that refuses rows, and its triggers. Rows that are there are not looked at, but counted by `precheck`. */
export function addGuard({ schema, name, declare = [], body, triggers, precheck, taken }: Guard): readonly Step[] {
  const plain = newName(name, 'guard', taken)
  const routine = quoteRelation({ schema, name: plain })
  const source = [...(declare.length > 0 ? ['declare', ...indent(declare)] : []), 'begin', ...indent(body), 'end']
  return [
    {
      ...STEP,
      sql: `create function ${routine}() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as ${quoteBody(source.join('\n'))}`,
      undo: `drop function ${routine}()`,
      ...(precheck ? { precheck } : {}),
    },
    ...triggers.map((trigger) => addTrigger(trigger, plain, routine)),
  ]
}

function addTrigger(trigger: GuardTrigger, plain: string, routine: string): Step {
  const { table, timing, events, deferred = false, when, argument } = trigger
  const name = quoteIdentifier(newName([plain], 'trg', new Set(table.triggers.map((each) => each.name))))
  const on = quoteRelation(table)
  const sql = [
    `create ${deferred ? 'constraint ' : ''}trigger ${name} ${timing} ${events} on ${on}`,
    deferred ? 'deferrable initially deferred' : '',
    'for each row',
    when ? `when (${when})` : '',
    `execute function ${routine}(${argument === undefined ? '' : quoteLiteral(argument)})`,
  ]
  return {
    ...STEP,
    sql: sql.filter(Boolean).join(' '),
    undo: `drop trigger ${name} on ${on}`,
    lock: 'SHARE ROW EXCLUSIVE',
  }
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => line.split('\n')).map((line) => `  ${line}`)
}
