import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const APT_GET = '/usr/bin/apt-get'
const QUIET =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'

/** Starts Chromium without a window; where Debian has none, it is installed first. Throws when there is no way to have one. */
export async function startChromium(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM'] ?? findChromium() ?? installChromium()
  return await chromium.launch({ executablePath, args: QUIET.split(' ') })
}

function findChromium(): string | undefined {
  return PLACES.find((place) => existsSync(place))
}

function installChromium(): string {
  if (process.getuid?.() !== 0 || !existsSync(APT_GET))
    throw new Error('The HTML report is tested in Chromium: install it, or name its executable in CHROMIUM.')
  const options = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const
  execFileSync(APT_GET, ['update', '-qq'], options)
  execFileSync(APT_GET, ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'], options)
  const found = findChromium()
  if (!found) throw new Error('Chromium was installed, but is not where it should be.')
  return found
}
