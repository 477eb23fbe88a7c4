import * as tf from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import '@lapstrake/core'
import { Engine } from '../engine.ts'
import { registerWasm } from '../index.ts'
import { loadModule } from '../load-module.ts'
import { WasmBackend } from '../wasm-backend.ts'

type Values = Float32Array | Int32Array | Uint8Array

interface Given {
  readonly shape: readonly number[]
  readonly values: Values
}

/** Numbers that do not add up exactly. */
const floats = (...shape: number[]): Given => ({
  shape,
  values: Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin(i * i))
})
const places = (most: number, ...shape: number[]): Given => ({
  shape,
  values: Int32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => (i * 7919) % most)
})
const flags = (...shape: number[]): Given => ({
  shape,
  values: Uint8Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => ((i * 7919) % 3) % 2)
})
const typeOf = (values: Values): tf.DataType =>
  values instanceof Float32Array ? 'float32' : values instanceof Int32Array ? 'int32' : 'bool'

const x = floats(5, 24, 26, 40)
const depthwise = { strides: 1, pad: 'same', dilations: 1, filterShape: [3, 3, 40, 1], inputShape: x.shape }
const pool = { filterSize: 3, strides: 2, pad: 'same' }
const pooled = floats(5, 12, 13, 40)
const cases: readonly [name: string, inputs: Readonly<Record<string, Given>>, attrs?: object][] = [
  ...['Elu', 'Softplus', 'Erf', 'Sin', 'IsNan'].map(name => [name, { x }] as [string, Record<string, Given>]),
  ['Pow', { a: floats(200, 301), b: floats(301) }],
  ['Mod', { a: places(99, 200, 301), b: places(7, 200, 1) }],
  ['LogicalAnd', { a: flags(500, 700), b: flags(700) }],
  ['LogicalNot', { x: flags(350_001) }],
  ['Select', { condition: flags(350_001), t: flags(350_001), e: flags(350_001) }],
  ['Cast', { x: floats(350_001) }, { dtype: 'int32' }],
  ['Reverse', { x }, { dims: [1, 3] }],
  ['Transpose', { x: flags(50, 60, 70) }, { perm: [2, 0, 1] }],
  ['GatherV2', { x, indices: places(26, 30) }, { axis: 2, batchDims: 0 }],
  ['UnsortedSegmentSum', { x: floats(3000, 77), segmentIds: places(50, 3000) }, { numSegments: 50 }],
  ['ArgMax', { x }, { axis: 3 }],
  ['TopK', { x }, { k: 7, sorted: true }],
  ['Cumsum', { x }, { axis: 1, exclusive: false, reverse: false }],
  ...[1, 2].map((strides): [string, Record<string, Given>, object] => [
    'Conv2DBackpropFilter',
    { x: floats(9, 16, 16, 13), dy: floats(9, 16 / strides, 16 / strides, 24) },
    { strides, pad: 'same', filterShape: [3, 3, 13, 24] }
  ]),
  ['DepthwiseConv2dNative', { x, filter: floats(3, 3, 40, 1) }, depthwise],
  ['DepthwiseConv2dNativeBackpropInput', { dy: x, filter: floats(3, 3, 40, 1) }, depthwise],
  ['DepthwiseConv2dNativeBackpropFilter', { x, dy: x }, depthwise],
  ['AvgPool', { x }, pool],
  ['AvgPoolGrad', { dy: pooled, input: x }, pool],
  ['MaxPoolGrad', { dy: pooled, input: x, output: pooled }, pool],
  ['ResizeBilinear', { images: x }, { size: [40, 31], alignCorners: false, halfPixelCenters: true }],
  ['ResizeBilinearGrad', { images: x, dy: floats(5, 40, 31, 40) }, { alignCorners: false }],
  [
    'FusedBatchNorm',
    { x, mean: floats(40), variance: { shape: [40], values: new Float32Array(40).fill(2) } },
    { varianceEpsilon: 1e-3 }
  ],
  ['LRN', { x }, { depthRadius: 2, bias: 1, alpha: 1, beta: 0.5 }],
  ['Conv3D', { x: floats(2, 5, 12, 13, 8), filter: floats(3, 3, 3, 8, 9) }, { strides: 1, pad: 'same' }],
  [
    'Conv3DBackpropInputV2',
    { dy: floats(2, 5, 12, 13, 9), filter: floats(3, 3, 3, 8, 9) },
    { strides: 1, pad: 'same', inputShape: [2, 5, 12, 13, 8] }
  ]
]

const engines: Engine[] = []
beforeAll(async () => {
  await registerWasm({ threads: 1 })
  const loaded = await loadModule({ shared: true, relaxed: true })
  for (const threads of [1, 2, 5])
    engines.push(await Engine.start({ ...loaded, shared: true, winograd: true, threads }))
})
afterAll(async () => {
  await Promise.all(engines.map(async engine => engine.stop()))
})

test.each(cases)(
  '%s is the same to the bit for any number of threads, and leaves nothing behind',
  (name, inputs, attrs = {}) => {
    const found = engines.map(engine => {
      const backend = new WasmBackend(engine)
      const infos = Object.fromEntries(
        Object.entries(inputs).map(([input, { shape, values }]) => [
          input,
          backend.makeTensorInfo([...shape], typeOf(values), values)
        ])
      )
      const results = [
        tf.getKernel(name, 'wasm').kernelFunc({ inputs: infos, attrs: attrs as tf.NamedAttrMap, backend })
      ].flat()
      const values = results.map(({ dataId }) => backend.readSync(dataId))
      expect(backend.numDataIds()).toBe(Object.keys(infos).length + results.length)
      for (const { dataId } of [...results, ...Object.values(infos)]) backend.disposeData(dataId)
      return values
    })
    expect((found[0]![0] as Float32Array).some(value => value !== 0) || name === 'IsNan').toBe(true)
    for (const others of found.slice(1)) {
      others.forEach((values, i) => {
        const wanted = found[0]![i]! as Float32Array
        expect((values as Float32Array).length).toBe(wanted.length)
        expect((values as Float32Array).findIndex((value, j) => !Object.is(value, wanted[j]))).toBe(-1)
      })
    }
  }
)
