import * as tf from '@tensorflow/tfjs-core'
import { webgpuBackend } from './webgpu-backend.ts'

/** How far the warm-up is: shaders compiled, of so many. */
export type OnShaders = (done: number, total: number) => void

/**
 * Compiles every shader that some work needs, all at a time and without running them: the first step then begins at
 * once, and a page can show how far it is. On other backends it does nothing.
 *
 * @param work is called once; what it computes has no values and must not be read
 */
export async function warmUp(work: () => void, onProgress?: OnShaders): Promise<void> {
  if (tf.getBackend() !== 'webgpu') return
  const backend = webgpuBackend()
  const known = new Set(Object.keys(backend.pipelineCache))
  tf.env().set('WEBGPU_ENGINE_COMPILE_ONLY', true)
  try {
    work()
    const compiling = Object.entries(backend.pipelineCache).filter(([key]) => !known.has(key))
    let done = 0
    await Promise.all(
      compiling.map(async ([, pipeline]) => {
        await pipeline
        onProgress?.(++done, compiling.length)
      })
    )
    await backend.checkCompileCompletionAsync()
  } finally {
    tf.env().set('WEBGPU_ENGINE_COMPILE_ONLY', false)
  }
}
