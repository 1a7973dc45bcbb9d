import { baseName } from './numbering.js'
import { comment, joinBlocks, NOTHING_TO_UNDO, renderAbout, renderStatements, type Writer } from './writer.js'

const VERSIONED = /(?:^|\/)[VB](\d+(?:[._]\d+)*)__[^/]*\.sql$/

/** `V4__name.sql`, undone by `U4__name.sql`, with `.conf` files beside for what is run otherwise (https://documentation.red-gate.com/fd). */
export const flyway: Writer = {
  name: 'flyway',
  outside: 'statements',
  run: 'flyway -locations=filesystem:FOLDER migrate',
  write(parts, { files }, at) {
    const versions = nextVersions(files, parts.length, at)
    return parts.flatMap((part, index) => {
      const sides = [
        { kind: 'V', role: 'up' as const, text: joinBlocks([renderAbout(part), renderStatements(part.up)]) },
        {
          kind: 'U',
          role: 'down' as const,
          text: joinBlocks([
            part.down.length === 0 ? `${comment(NOTHING_TO_UNDO)}\nselect 1;` : renderStatements(part.down),
          ]),
        },
      ]
      return sides.flatMap(({ kind, role, text }) => {
        const path = `${kind}${versions[index]}__${part.name}.sql`
        const settings = [
          ...(part.transactional ? [] : ['executeInTransaction=false']),
          ...(text.includes('${') ? ['placeholderReplacement=false'] : []),
        ]
        return [
          { path, role, text },
          ...(settings.length > 0
            ? [{ path: `${path}.conf`, role: 'settings' as const, text: `${settings.join('\n')}\n` }]
            : []),
        ]
      })
    })
  },
}

/** Counts on where the highest version ends: `V4` → `V5`, `V1_2` → `V1_3`, a time → now. */
function nextVersions(files: readonly string[], count: number, at: Date): readonly string[] {
  const versions = files.flatMap((file) => VERSIONED.exec(`/${baseName(file)}`)?.[1] ?? [])
  const last = versions.toSorted(compareVersions).at(-1) ?? '0'
  const [, head = '', tail = '0'] = /^(.*?)(\d+)$/.exec(last) ?? []
  const now = at.toISOString().replace(/\D/g, '').slice(0, tail.length)
  const from = tail.length >= 12 && BigInt(now) > BigInt(tail) ? BigInt(now) : BigInt(tail) + 1n
  return Array.from({ length: count }, (_, index) => head + String(from + BigInt(index)).padStart(tail.length, '0'))
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(/[._]/).map(BigInt))
  for (let at = 0; at < Math.max(left?.length ?? 0, right?.length ?? 0); at++) {
    const difference = (left?.[at] ?? 0n) - (right?.[at] ?? 0n)
    if (difference !== 0n) return difference < 0n ? -1 : 1
  }
  return 0
}
