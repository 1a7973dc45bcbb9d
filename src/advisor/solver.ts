import load from 'highs'

/** HiGHS, compiled to WebAssembly. */
export type Highs = Awaited<ReturnType<typeof load.default>>

/** Loads the solver of integer programs; some ten milliseconds. */
export function loadSolver(): Promise<Highs> {
  // Its types say CommonJS, what Node loads is a module.
  return (load as unknown as typeof load.default)()
}
