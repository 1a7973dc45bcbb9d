import { arrangeBy, compareKeys, type FolderFile, type Layout } from './layout.js'

const VERSIONED = /^([VBU])(\d+(?:[._]\d+)*)__.*\.sql$/
/** Missing parts of a version count as zero. */
const LONGEST_VERSION = 10
const REPEATABLE = /^R__.*\.sql$/

/** `V1_2__name.sql`, then `R__name.sql`; the newest `B…__` baseline replaces what it sums up (https://documentation.red-gate.com/fd). */
export const flyway: Layout = {
  name: 'flyway',
  recognize({ files }) {
    const named = files.filter(({ name }) => VERSIONED.test(name)).length
    return named > 0 && named * 2 >= files.length ? `${named} files named V…__*.sql` : null
  },
  arrange({ files }) {
    const baseline = files
      .flatMap((file) => (kindOf(file) === 'B' ? [versionKey(file)] : []))
      .toSorted(compareKeys)
      .at(-1)
    return arrangeBy(files, (file) => {
      if (REPEATABLE.test(file.name)) return { key: [1n, file.name] }
      const kind = kindOf(file)
      if (kind === null) return 'is no Flyway migration'
      if (kind === 'U') return 'undoes a migration'
      const order = baseline ? compareKeys(versionKey(file), baseline) : 1
      if (order < 0 || (order === 0 && kind === 'V')) return 'is summed up by a baseline'
      return { key: [0n, ...versionKey(file), kind] }
    })
  },
  down(file, { files }) {
    const undoing = files.filter((one) => kindOf(one) === 'U')
    if (undoing.length === 0 || kindOf(file) !== 'V') return undefined
    const found = undoing.find((one) => compareKeys(versionKey(one), versionKey(file)) === 0)
    return found ? { path: found.path, text: found.text() } : null
  },
}

function kindOf({ name }: FolderFile): string | null {
  return VERSIONED.exec(name)?.[1] ?? null
}

function versionKey({ name }: FolderFile): readonly bigint[] {
  const numbers = (VERSIONED.exec(name)?.[2] ?? '').split(/[._]/).filter(Boolean).map(BigInt)
  return [...numbers, ...Array<bigint>(Math.max(0, LONGEST_VERSION - numbers.length)).fill(0n)]
}
