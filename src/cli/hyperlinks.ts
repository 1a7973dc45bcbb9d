type Environment = Readonly<Record<string, string | undefined>>

/** Whether a terminal is known to make links of OSC 8 sequences; FORCE_HYPERLINK decides first. */
export function supportsHyperlinks(environment: Environment, terminal: boolean): boolean {
  const { FORCE_HYPERLINK, NO_COLOR, TERM, TERM_PROGRAM = '', VTE_VERSION, WT_SESSION, KITTY_WINDOW_ID } = environment
  if (FORCE_HYPERLINK) return FORCE_HYPERLINK !== '0' && FORCE_HYPERLINK !== 'false'
  if (!terminal || NO_COLOR || TERM === 'dumb' || environment['CI'] || environment['TMUX']) return false
  if (/^(?:iTerm\.app|WezTerm|vscode|ghostty|Hyper|zed)$/.test(TERM_PROGRAM)) return true
  return Boolean(WT_SESSION || KITTY_WINDOW_ID || Number(VTE_VERSION) >= 5000)
}
