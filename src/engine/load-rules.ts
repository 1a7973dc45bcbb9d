import { readdirSync } from 'node:fs'
import type { Rule, RuleDefinition } from './rule.js'

/** The built-in rules' folder, beside `src/` in the sources and in the compiled package alike. */
export const RULES_FOLDER = new URL('../../rules/', import.meta.url)

/** Ids of the rules below a folder, sorted: a rule's path there, without its ending. */
export function listRules(folder: URL = RULES_FOLDER): readonly string[] {
  return listFiles(folder).map(idOf)
}

/** Loads the rules below a folder, or those alone whose ids are wanted. Sorted by id. */
export async function loadRules(
  folder: URL = RULES_FOLDER,
  load: (href: string) => Promise<unknown> = (href) => import(href),
  isWanted: (id: string) => boolean = () => true,
): Promise<readonly Rule[]> {
  const files = listFiles(folder).filter((file) => isWanted(idOf(file)))
  return Promise.all(files.map((file) => loadRule(folder, file, load)))
}

function listFiles(folder: URL): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /^[^/]+\/[^/]+\.(ts|js)$/.test(file) && !file.endsWith('.d.ts'))
    .sort()
}

function idOf(file: string): string {
  return file.replace(/\.(ts|js)$/, '')
}

async function loadRule(folder: URL, file: string, load: (href: string) => Promise<unknown>): Promise<Rule> {
  const module = (await load(new URL(file, folder).href)) as { readonly default: RuleDefinition }
  const id = idOf(file)
  return { ...(module.default as unknown as Rule), id, category: id.slice(0, id.indexOf('/')) }
}
