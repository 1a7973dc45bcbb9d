import type { AuditResult } from '../../engine/result.js'
import { describeGrowth, type DistributionReport, EXPECTED_NOTE, EXPECTED_TITLES, GROWTH_TITLES } from '../growth.js'
import { code, table, text } from './escape.js'

/** How the tables of events and entries grow and what to do about it; and how the whole would be spread over several servers. Empty where there is nothing to say. */
export function renderGrowth(result: AuditResult): string {
  const growth = describeGrowth(result)
  if (!growth) return ''
  const rows = growth.tables.map(({ address, figures }) => [code(address), ...figures])
  const advice = growth.advice.map(({ address, action, because, costs }) => [
    code(address),
    action,
    text(because),
    text(costs),
  ])
  return [
    '## Growth',
    ...(rows.length > 0 ? [table(GROWTH_TITLES, rows)] : []),
    ...(growth.expected.length > 0
      ? [
          EXPECTED_NOTE,
          table(
            EXPECTED_TITLES,
            growth.expected.map(({ address, figures }) => [code(address), ...figures]),
          ),
        ]
      : []),
    ...(rows.length === 0
      ? []
      : advice.length > 0
        ? [table(['Table', 'What to do', 'Because', 'What it costs'], advice)]
        : ['None of them asks for anything yet.']),
    ...(growth.distribution ? renderPlan(growth.distribution) : []),
  ].join('\n\n')
}

function renderPlan({ column, tenants, placements, obstacles, queries, calls }: DistributionReport): readonly string[] {
  return [
    '### When one server will not do',
    `Citus would distribute rows by ${code(column)}, so that each tenant of ${code(tenants)} is served by one node.`,
    table(
      ['Placement', 'How', 'Tables'],
      placements.map(({ placement, how, tables }) => [placement, how, tables.map(code).join(', ')]),
    ),
    ...(obstacles.length > 0
      ? [
          `${obstacles.length} things stand in the way:`,
          table(
            ['Object', 'Why', 'Cure'],
            obstacles.map(({ address, why, cure }) => [code(address), text(why), text(cure)]),
          ),
        ]
      : ['Nothing stands in the way.']),
    ...(queries.length > 0
      ? [
          'What each query would do then:',
          table(
            ['Query', 'Route', 'Because'],
            queries.map(({ name, text: sql, route, why }) => [
              name === null ? code(sql) : text(name),
              route,
              text(why),
            ]),
          ),
        ]
      : []),
    'The last step, after that. It was not run: the scratch servers have no Citus. Try it on a copy.',
    `\`\`\`sql\n${calls.join('\n')}\n\`\`\``,
  ]
}
