import * as tf from '@tensorflow/tfjs-core'

/** What is asked of a GPU here. TensorFlow.js's own types of WebGPU clash with the DOM library. */
interface Device extends EventTarget {
  readonly lost: Promise<{ readonly message: string }>
}

/** Tells when the GPU of the backend in use goes away or fails: TensorFlow.js itself says nothing and goes on with zeros. */
export function watchGpu(onFailure: (message: string) => void): void {
  const { device } = tf.backend() as unknown as { readonly device: Device }
  void device.lost.then(({ message }) => onFailure(
    `webgpu: expected the GPU to stay, but it went away${said(message)}. What was learnt lay on it and is lost. Press Run to begin again; if it happens again, choose WASM.`))
  device.addEventListener('uncapturederror', event => onFailure(
    `webgpu: expected the GPU to do the step, but it could not${said((event as unknown as { readonly error: Error }).error.message)}. Try a smaller batch, or choose WASM.`))
}

const said = (message: string): string => (message === '' ? '' : ` (${message.replace(/\.$/, '').slice(0, 300)})`)
