import { deflateRawSync } from 'node:zlib'
import { markup, type Markup, type Part } from './markup.js'

/** Bytes of evidence and SQL that stand in the page as they are; more are packed, since most of it is the same again and again. */
const ROOM = 300_000

/** What of a finding is put in its place, and what the browser unpacks when it is opened. */
export type Place = (number: number, body: Markup) => Part

/** Lays out findings with their bodies, or without them where there are too many; then they stand compressed in `packed`. */
export function packBodies(render: (place: Place) => Markup): { readonly shown: Markup; readonly packed: Part } {
  const bodies: string[] = []
  const whole = render((number, body) => {
    bodies[number] = body.html
    return body
  })
  if (bodies.reduce((sum, { length }) => sum + length, 0) <= ROOM) return { shown: whole, packed: null }
  const shown = render(() => null)
  const base64 = deflateRawSync(JSON.stringify(bodies), { level: 9 }).toString('base64')
  return {
    shown: markup`<noscript><p class="note">Evidence and SQL of the findings are packed into this file, and need JavaScript to be unpacked. The Markdown report holds them as text.</p></noscript>${shown}`,
    packed: markup`<script type="application/octet-stream" id="packed">${base64}</script>
`,
  }
}
