import * as tf from '@tensorflow/tfjs-core'
import { axesLast, isFloat, isNumeric, sizeOf, type Native, type Natives } from './kernel.ts'

const placesOfMost =
  (name: 'ArgMax' | 'ArgMin'): Native =>
  given => {
    const { inputs, attrs, backend } = given
    const x = inputs.x!
    const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0]!
    const numbers = x.shape[axis]!
    if (axis !== x.shape.length - 1) return axesLast(name, given, [axis])
    if (!isFloat(x) || numbers === 0) return undefined
    const result = backend.allocate(x.shape.slice(0, -1), 'int32')
    const size = sizeOf(x.shape)
    backend.engine.run(
      'placesOfMost',
      [name === 'ArgMax' ? 1 : -1, backend.addressOf(x), backend.addressOf(result), numbers],
      size / numbers,
      size
    )
    return result
  }

const topK: Native = ({ inputs, attrs, backend }) => {
  const x = inputs.x!
  const { k } = attrs as { k: number }
  const numbers = x.shape.at(-1)!
  const size = sizeOf(x.shape)
  if (!isFloat(x) || k === 0 || size === 0) return undefined
  const shape = [...x.shape.slice(0, -1), k]
  const results = [backend.allocate(shape), backend.allocate(shape, 'int32')]
  const { engine } = backend
  engine.withScratch(8 * k * engine.threads, scratch =>
    engine.run(
      'topK',
      [...[x, ...results].map(info => backend.addressOf(info)), numbers, k, scratch],
      size / numbers,
      4 * size
    )
  )
  return results
}

const cumulation =
  (op: number): Native =>
  ({ inputs, attrs, backend }) => {
    const x = inputs.x!
    const { axis, exclusive, reverse } = attrs as { axis: number; exclusive: boolean; reverse: boolean }
    if (!isNumeric(x) || x.dtype === 'bool' || x.shape.length === 0) return undefined
    const along = tf.util.parseAxisParam(axis, x.shape)[0]!
    const result = backend.allocate(x.shape, x.dtype)
    const columns = sizeOf(x.shape.slice(along + 1))
    const size = sizeOf(x.shape)
    backend.engine.run(
      'cumulate',
      [
        op + (isFloat(x) ? 0 : 2),
        backend.addressOf(x),
        backend.addressOf(result),
        x.shape[along]!,
        columns,
        Number(exclusive),
        Number(reverse)
      ],
      size === 0 ? 0 : sizeOf(x.shape.slice(0, along)) * Math.ceil(columns / 16),
      2 * size
    )
    return result
  }

export const ranking: Natives = {
  ArgMax: placesOfMost('ArgMax'),
  ArgMin: placesOfMost('ArgMin'),
  Cumprod: cumulation(1),
  Cumsum: cumulation(0),
  TopK: topK
}
