import { readFileSync } from 'node:fs'

/** The exports of a module of ours. The clock that mqtt5-protocol brings with it asks JavaScript for things that nobody here needs: they fail. */
export function instantiate(path) {
  const module = new WebAssembly.Module(readFileSync(path))
  const imports = {}
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {}
    imports[from][name] = () => {
      throw new Error(`${name} is not there`)
    }
  }
  return new WebAssembly.Instance(module, imports).exports
}
