import { registerWasm } from '@lapstrake/backend-wasm'
import { loadEncoder } from '@lapstrake/encoder'

const say = line => document.querySelector('pre').append(`${line}\n`)

await registerWasm()
const { name, encode, read } = await loadEncoder('network.safetensors')
say(`${name} is ready.`)

document.querySelector('input').onchange = async ({ target }) => {
  const images = await read([...target.files])
  const features = encode(images, { pooled: true })
  say(`${features.shape[0]} images, ${features.shape[1]} features each, the first ${(await features.data())[0]}`)
  images.dispose()
  features.dispose()
}
