import type { AuditResult } from '../engine/result.js'
import type { ReportOptions } from './options.js'

type Renderer = (result: AuditResult, options: ReportOptions) => string

/** A renderer a format, loaded when it is asked for. */
const RENDERERS = {
  terminal: async (): Promise<Renderer> => (await import('./terminal.js')).renderTerminal,
  markdown: async (): Promise<Renderer> => (await import('./markdown.js')).renderMarkdown,
  html: async (): Promise<Renderer> => (await import('./html.js')).loadHtmlRenderer(),
  json: async (): Promise<Renderer> => (await import('./json.js')).renderJson,
  sarif: async (): Promise<Renderer> => (await import('./sarif.js')).renderSarif,
  github: async (): Promise<Renderer> => (await import('./github.js')).renderGithub,
  gitlab: async (): Promise<Renderer> => (await import('./gitlab.js')).renderGitlab,
  junit: async (): Promise<Renderer> => (await import('./junit.js')).renderJunit,
  csv: async (): Promise<Renderer> => (await import('./csv.js')).renderCsv,
  'pull-request': async (): Promise<Renderer> => (await import('./pull-request.js')).renderPullRequest,
}

export type Format = keyof typeof RENDERERS

/** The names of all formats. */
export const FORMATS = Object.keys(RENDERERS) as readonly Format[]

/** Writes a result in a format. */
export async function renderReport(format: Format, result: AuditResult, options: ReportOptions): Promise<string> {
  return (await RENDERERS[format]())(result, options)
}
