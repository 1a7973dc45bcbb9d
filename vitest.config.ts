import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    disableConsoleIntercept: true,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    pool: 'forks',
    // WebAssembly starts without being optimized first, as in bin/run.js.
    execArgv: ['--liftoff-only'],
    // What was compiled for one file serves the others, and the next run.
    experimental: { fsModuleCache: true },
  },
})
