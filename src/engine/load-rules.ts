import { readdir } from 'node:fs/promises'
import type { Rule, RuleDefinition } from './rule.js'

/** The built-in rules' folder, beside `src/` in the sources and in the compiled package alike. */
export const RULES_FOLDER = new URL('../../rules/', import.meta.url)

/** Loads every rule below a folder; a rule's path there, without its ending, is its id. Sorted by id. */
export async function loadRules(
  folder: URL = RULES_FOLDER,
  load: (href: string) => Promise<unknown> = (href) => import(href),
): Promise<readonly Rule[]> {
  const files = (await readdir(folder, { recursive: true }))
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /^[^/]+\/[^/]+\.(ts|js)$/.test(file) && !file.endsWith('.d.ts'))
    .sort()
  return Promise.all(files.map((file) => loadRule(folder, file, load)))
}

async function loadRule(folder: URL, file: string, load: (href: string) => Promise<unknown>): Promise<Rule> {
  const module = (await load(new URL(file, folder).href)) as { readonly default: RuleDefinition }
  const id = file.replace(/\.(ts|js)$/, '')
  return { ...(module.default as unknown as Rule), id, category: id.slice(0, id.indexOf('/')) }
}
