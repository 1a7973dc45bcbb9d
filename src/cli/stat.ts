import { type Stats, statSync } from 'node:fs'

/** What stands at a path; undefined when nothing does, or when nobody lets us see it. */
export function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}
