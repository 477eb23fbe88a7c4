import type * as fs from 'node:fs/promises'
import { builtin } from './builtin.ts'

export interface ModuleOptions {
  readonly shared: boolean
  /** Whether fused multiply-add is wanted where the host has it. */
  readonly relaxed: boolean
  readonly folder?: string | undefined
}

// Modules of one function that hosts without the feature refuse: a splat of SIMD; a relaxed multiply-add, whose export
// `f` gives (1 + 2⁻¹²)² − (1 + 2⁻¹¹), 2⁻²⁴ where that is rounded once and 0 where it is rounded twice.
const simd = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 17, 11]
const relaxedSimd = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 125, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 31, 1, 29, 0, 67, 0, 8,
  128, 63, 253, 19, 67, 0, 8, 128, 63, 253, 19, 67, 0, 16, 128, 191, 253, 19, 253, 133, 2, 253, 31, 0, 11
]

/**
 * Compiles the module that suits the host.
 *
 * @throws Error without SIMD, or if the file cannot be fetched
 */
export async function loadModule({
  shared,
  relaxed,
  folder
}: ModuleOptions): Promise<{ readonly module: WebAssembly.Module; readonly relaxed: boolean }> {
  if (!WebAssembly.validate(new Uint8Array(simd))) {
    throw new Error(
      'backend-wasm: expected a host whose WebAssembly has SIMD, got one without. Take a newer Node or browser, ' +
        'or the cpu backend.'
    )
  }
  // Node 20 has relaxed SIMD behind a flag, which counts for what is compiled after it; where it is there without,
  // newer ones say that they know no such flag.
  if (relaxed && !hasRelaxedSimd()) builtin?.('node:v8').setFlagsFromString('--experimental-wasm-relaxed-simd')
  const fused = relaxed && hasRelaxedSimd() && isFused()
  const url =
    folder === undefined
      ? ownFile(shared, fused)
      : new URL(
          `kernels${shared ? '-shared' : ''}${fused ? '-relaxed' : ''}.wasm`,
          builtin ? `file://${folder}` : new URL(folder, globalThis.location.href)
        )
  return {
    module: await WebAssembly.compile(await (builtin ? fromDisk(url, builtin('node:fs/promises')) : fetched(url))),
    relaxed: fused
  }
}

const hasRelaxedSimd = (): boolean => WebAssembly.validate(new Uint8Array(relaxedSimd))

/** An engine may have the instruction, and multiply and add one after the other, as that of Bun does. */
function isFused(): boolean {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(relaxedSimd)))
  return (exports as { readonly f: () => number }).f() === 2 ** -24
}

/** Written out one by one, for bundlers look for such literals. */
function ownFile(shared: boolean, relaxed: boolean): URL {
  if (shared)
    return relaxed
      ? new URL('../wasm/kernels-shared-relaxed.wasm', import.meta.url)
      : new URL('../wasm/kernels-shared.wasm', import.meta.url)
  return relaxed
    ? new URL('../wasm/kernels-relaxed.wasm', import.meta.url)
    : new URL('../wasm/kernels.wasm', import.meta.url)
}

const fromDisk = async (url: URL, { readFile }: Pick<typeof fs, 'readFile'>): Promise<BufferSource> =>
  readFile(url).catch((cause: unknown) => {
    throw new Error(missing(url), { cause })
  })

async function fetched(url: URL): Promise<BufferSource> {
  const response = await fetch(url).catch((cause: unknown) => {
    throw new Error(missing(url), { cause })
  })
  if (!response.ok) throw new Error(`${missing(url)} The server said ${response.status}.`)
  return response.arrayBuffer()
}

const missing = (url: URL): string =>
  `backend-wasm: expected its kernels at ${url.href}, but could not read them. ` +
  'Serve the folder wasm of @lapstrake/backend-wasm and pass its address as wasmPaths.'
