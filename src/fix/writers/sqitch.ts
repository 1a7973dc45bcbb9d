import { quoteLiteral } from '../../quote.js'
import type { MigrationPart } from '../parts.js'
import { addedConstraint, builtIndex, droppedIndex, unquoted, validatedConstraint } from '../statement-shapes.js'
import { freeNames } from './numbering.js'
import { script } from './plain.js'
import { joinBlocks, renderAbout, type Writer } from './writer.js'

const PLAN = 'sqitch.plan'
const NEW_PLAN = '%syntax-version=1.0.0\n%project=billing\n\n'
const CHANGE = /^\s*\+?\s*([^\s@%#[-][^\s[]*)/
const PLANNER = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (.+<[^<>]*>)/

/** `deploy/`, `revert/` and `verify/` scripts for psql, and a line of the plan for each change (https://sqitch.org/docs). */
export const sqitch: Writer = {
  name: 'sqitch',
  outside: 'statements',
  run: 'sqitch deploy',
  write(parts, { read }, at) {
    const text = read(PLAN)
    const plan = text ?? NEW_PLAN
    const lines = plan.split(/\r?\n/)
    const changes = lines.flatMap((line) => CHANGE.exec(line)?.[1] ?? [])
    const names = freeNames(
      parts.map(({ name }) => name),
      (name) => changes.includes(name),
    )
    const project = /^%project=(.+)$/m.exec(plan)?.[1]?.trim() ?? 'billing'
    const planner =
      lines.toReversed().flatMap((line) => PLANNER.exec(line)?.[1] ?? [])[0] ??
      'pg-billing-audit <pg-billing-audit@localhost>'
    const time = `${at.toISOString().slice(0, 19)}Z`
    const planned = names.map((name, index) => {
      const required = index === 0 ? '' : ` [${names[index - 1]}]`
      return `${name}${required} ${time} ${planner} # ${parts[index]?.phase ?? ''}`
    })
    return [
      ...parts.flatMap((part, index) => {
        const name = names[index] ?? part.name
        const head = (verb: string) => `-- ${verb} ${project}:${name} to pg`
        return [
          {
            path: `deploy/${name}.sql`,
            role: 'up' as const,
            text: joinBlocks([[head('Deploy'), renderAbout(part)].join('\n'), script(part, part.up)]),
          },
          {
            path: `revert/${name}.sql`,
            role: 'down' as const,
            text: joinBlocks([head('Revert').replace(' to ', ' from '), script(part, part.down)]),
          },
          {
            path: `verify/${name}.sql`,
            role: 'settings' as const,
            text: joinBlocks([head('Verify').replace(' to ', ' on '), verify(part)]),
          },
        ]
      }),
      {
        path: PLAN,
        role: 'index' as const,
        text: `${plan.replace(/\n*$/, '\n')}${text === null ? '\n' : ''}${planned.join('\n')}\n`,
        ...(text === null ? {} : { replaces: text }),
      },
    ]
  },
}

/** Queries that fail unless the part did its work. */
function verify({ up }: MigrationPart): string {
  const checks = up.flatMap(({ sql }): string[] => {
    const built = builtIndex(sql)
    if (built)
      return [
        `select 1 / count(*) from pg_catalog.pg_index where indexrelid = to_regclass(${quoteLiteral(built.qualified)}) and indisvalid;`,
      ]
    const dropped = droppedIndex(sql)
    if (dropped) return [`select 1 / (to_regclass(${quoteLiteral(dropped.qualified)}) is null)::int;`]
    const valid = validatedConstraint(sql)
    const constraint = valid ?? addedConstraint(sql)
    if (!constraint) return []
    return [
      `select 1 / count(*) from pg_catalog.pg_constraint where conrelid = to_regclass(${quoteLiteral(constraint.table)}) and conname = ${quoteLiteral(unquoted(constraint.name))}${valid ? ' and convalidated' : ''};`,
    ]
  })
  return checks.length > 0 ? checks.join('\n') : 'select 1;'
}
