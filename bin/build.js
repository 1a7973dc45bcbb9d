// Compiles src/ and rules/ into a fresh dist/: a stale file there would be a live rule or command. Modules that are wanted together
// share a file, for each file costs time to find; rules, commands and what people import stay where they are. Writes down what
// commands there are and what they take, so that starting one does not load them all.
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path/posix'
import { fileURLToPath } from 'node:url'
import { Config, settings } from '@oclif/core'
import { rolldown } from 'rolldown'

const root = new URL('..', import.meta.url)
rmSync(new URL('dist', root), { recursive: true, force: true })
execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
const { name, dependencies } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
await bundle(fileURLToPath(root), Object.keys(dependencies))

const manifest = new URL('oclif.manifest.json', root)
rmSync(manifest, { force: true })
settings.enableAutoTranspile = false
const { plugins } = await Config.load({ root: fileURLToPath(root) })
writeFileSync(manifest, JSON.stringify(/** @type {any} */ (plugins.get(name)).manifest))

/**
 * @param {string} folder of the package
 * @param {readonly string[]} installed packages that are installed with it; others become part of it
 */
async function bundle(folder, installed) {
  /** @param {string} below */
  const modulesIn = (below) =>
    readdirSync(join(folder, below), { recursive: true, encoding: 'utf8' })
      .map((file) => join(below, file.replaceAll('\\', '/')))
      .filter((file) => file.endsWith('.ts'))
  const entries = [
    ...modulesIn('rules'),
    ...modulesIn('src/commands'),
    'src/cli/main.ts',
    'src/cli/manual.ts',
    'src/kit.ts',
    'src/source/embedded/worker.js',
  ]
  const bundled = await rolldown({
    input: Object.fromEntries(entries.map((file) => [file.replace(/\.[jt]s$/, ''), join(folder, file)])),
    platform: 'node',
    external: (/** @type {string} */ id) => installed.some((name) => id === name || id.startsWith(`${name}/`)),
    transform: { target: 'node20' },
    plugins: [{ name: 'places', transform: namePlace, renderChunk: givePlace }],
  })
  await bundled.write({
    dir: join(folder, 'dist'),
    entryFileNames: '[name].js',
    chunkFileNames: 'src/shared/[name]-[hash].js',
    comments: false,
  })
  // What runs in the page of the HTML report is read as text.
  cpSync(join(folder, 'src/report/html/script.js'), join(folder, 'dist/src/report/html/script.js'))

  /** What a module finds beside itself, it still finds from the file that it has got into. */
  function namePlace(/** @type {string} */ code, /** @type {string} */ id) {
    const place = JSON.stringify(relative(folder, id))
    return code.includes('import.meta.url') ? code.replaceAll('import.meta.url', `__place(${place})`) : null
  }
  function givePlace(/** @type {string} */ code, /** @type {{ fileName: string }} */ { fileName }) {
    return code.replace(/__place\("([^"]+)\.[jt]s"\)/g, (_, place) => {
      const path = relative(dirname(fileName), `${place}.js`)
      return `new URL(${JSON.stringify(path.startsWith('.') ? path : `./${path}`)}, import.meta.url).href`
    })
  }
}
