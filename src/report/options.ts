/** How a report is to look; decided once by the command, never by a renderer. */
export interface ReportOptions {
  /** 0 none · 1 basic · 2 256 colours · 3 true colour. */
  readonly color: 0 | 1 | 2 | 3
  /** Columns of a line. */
  readonly width: number
  /** Show everything instead of what matters first. */
  readonly verbose: boolean
  /** The terminal makes links of OSC 8 sequences. */
  readonly hyperlinks?: boolean
  /** The lines of the scanned files, for code frames. */
  readonly sources?: ReadonlyMap<string, readonly string[]>
}
