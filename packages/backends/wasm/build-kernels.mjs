// Compiles the kernels: with and without a shared memory, with and without relaxed SIMD.
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const folder = fileURLToPath(new URL('.', import.meta.url))
await mkdir(`${folder}wasm`, { recursive: true })
const always = [
  'assembly/index.ts',
  '--baseDir',
  folder,
  '-O3',
  '--noAssert',
  '--runtime',
  'stub',
  '--importMemory',
  '--initialMemory',
  '1',
  '--maximumMemory',
  '65536',
  // Tables of functions lie between what threads share and what is handed out.
  '--memoryBase',
  '4096',
  '--enable',
  'simd',
  '--enable',
  'bulk-memory',
  '--disableWarning',
  '112'
]
// Knowing nothing yet of constants, -O3 would fold loops that differ in one into a single loop, and each number would
// ask which operation it is for.
const transforms = [{ afterCompile: module => module.runPasses(['precompute-propagate', 'vacuum']) }]
for (const shared of [true, false]) {
  for (const relaxed of [true, false]) {
    const file = `wasm/kernels${shared ? '-shared' : ''}${relaxed ? '-relaxed' : ''}.wasm`
    const { error, stderr } = await asc.main(
      [
        ...always,
        '-o',
        file,
        ...(shared ? ['--enable', 'threads', '--sharedMemory'] : []),
        ...(relaxed ? ['--enable', 'relaxed-simd'] : [])
      ],
      { transforms }
    )
    if (error) {
      console.error(stderr.toString())
      process.exit(1)
    }
  }
}
