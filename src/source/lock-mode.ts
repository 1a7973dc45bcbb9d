/** PostgreSQL's table lock modes, weakest first. */
export const LOCK_MODES = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const

export type LockMode = (typeof LOCK_MODES)[number]

/** `share-update-exclusive` for `SHARE UPDATE EXCLUSIVE`, weakest first. */
export const LOCK_NAMES: readonly string[] = LOCK_MODES.map((mode) => mode.toLowerCase().replaceAll(' ', '-'))

/** A mode as `pg_locks` prints it: `ShareUpdateExclusiveLock` → `SHARE UPDATE EXCLUSIVE`. */
export function readLockMode(mode: string): LockMode {
  const words = mode.replace(/Lock$/, '').replace(/([a-z])([A-Z])/g, '$1 $2')
  return words.toUpperCase() as LockMode
}

/** Whether a mode is the other or a stronger one. */
export function isAtLeast(mode: LockMode, other: LockMode): boolean {
  return LOCK_MODES.indexOf(mode) >= LOCK_MODES.indexOf(other)
}

/** The stronger of two modes. */
export function stronger(a: LockMode | undefined, b: LockMode): LockMode {
  return a !== undefined && isAtLeast(a, b) ? a : b
}

/** The strongest of several lock modes; the weakest that there is of none. */
export function strongest(modes: readonly LockMode[]): LockMode {
  return LOCK_MODES.findLast((mode) => modes.includes(mode)) ?? LOCK_MODES[0]
}
