import { encodeSafetensors, type StoredTensor } from '@lapstrake/checkpoints'
import { checkGiven, checkOptions, own, seeded, type Network, type Shape, type Variables } from '@lapstrake/core'
import { traceAsync, type Constant, type Operand, type Trace } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'
import { writtenAttributes } from './attributes.ts'
import { format, loadEncoder } from './load-encoder.ts'
import type { Argument, Instruction, Program } from './program.ts'

export interface SerialiseEncoderOptions {
  /** What the encoder is called. */
  readonly name?: string | undefined
}

/**
 * A network at inference and its weights as one file, which {@link loadEncoder} opens: safetensors, with the kernels
 * that run on them in its metadata. It holds no code, and knows every level.
 *
 * The network runs here, on noise, and what it does is written down; so it should do the same whatever it is given.
 * What does not depend on the input is worked out now, the batch stays open, all else is of the network's shapes. The
 * file is opened once and must give what the network gives.
 *
 * @throws Error that says what cannot be written, such as what depends on the size of the batch
 */
export async function serialiseEncoder(
  network: Network,
  variables: readonly Variables[],
  options: SerialiseEncoderOptions = {}
): Promise<Uint8Array> {
  checkOptions<SerialiseEncoderOptions>('serialiseEncoder', options, { name: 'string' })
  const { name = 'encoder' } = options
  checkGiven('serialiseEncoder', 'a network, as networkOf() makes one', network?.shapes, 'list')
  checkGiven('serialiseEncoder', 'the variables of its stages, as state.stages', variables, 'list')
  const { shapes } = network
  const traced = await traceAsync(input => network.levels(variables, input), {
    who: 'serialiseEncoder',
    inputShape: shapes[0]!
  })
  const { program, tensors } = written(traced, shapes)
  const file = encodeSafetensors({ tensors, metadata: { format, name, program: JSON.stringify(program) } })
  await checkFile(file, network, variables)
  return file
}

function written(
  { calls, outputs }: Trace,
  shapes: readonly Shape[]
): { readonly program: Program; readonly tensors: Readonly<Record<string, StoredTensor>> } {
  const numbers = new Map([[0, 0]])
  const names = new Map<Constant, string>()
  const argument = (operand: Operand, name: string): Argument => {
    if (typeof operand === 'number') return numbers.get(operand)!
    if (!names.has(operand)) names.set(operand, name)
    return operand.isForEachImage ? { forEach: names.get(operand)! } : names.get(operand)!
  }
  const instructions = calls.map(({ kernel, inputs, attrs, attrsForThree, outputs }, i): Instruction => {
    const instruction = {
      kernel,
      inputs: inOrder(
        Object.entries(inputs).map(([name, operand]) => [name, argument(operand, `${i}.${name}`)] as const)
      ),
      attributes: writtenAttributes(attrs, attrsForThree, what => {
        throw new Error(
          `serialiseEncoder: expected attributes of ${kernel} that hold for a batch of any size, got ${what}. ` +
            'Write the stage with other operations.'
        )
      }),
      results: outputs.length
    }
    outputs.forEach(output => numbers.set(output, numbers.size))
    return instruction
  })
  return {
    program: { instructions, levels: [0, ...outputs.map(output => numbers.get(output)!)], shapes },
    tensors: Object.fromEntries([...names].map(([constant, name]) => [name, stored(name, constant)]))
  }
}

/** A kernel that takes a list has places for names. */
const inOrder = (inputs: readonly (readonly [name: string, Argument])[]): Instruction['inputs'] =>
  inputs.every(([name], i) => name === String(i)) ? inputs.map(([, given]) => given) : Object.fromEntries(inputs)

const types: Readonly<Partial<Record<tf.DataType, StoredTensor['dtype']>>> = {
  float32: 'F32',
  int32: 'I32',
  bool: 'BOOL'
}

function stored(name: string, { dtype, shape, values }: Constant): StoredTensor {
  const type = types[dtype]
  if (type !== undefined)
    return { dtype: type, shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) }
  throw new Error(
    `serialiseEncoder: expected constants of float32, int32 or bool, got ${dtype} for ${name}. ` +
      'Write it with real numbers.'
  )
}

/** What was written on two images and on three must hold for one: some operations differ there. */
async function checkFile(file: Uint8Array, network: Network, variables: readonly Variables[]): Promise<void> {
  const { encode, dispose: close } = await loadEncoder(file)
  const [expected, found] = own(() => {
    const image = seeded(1).normal([1, ...network.shapes[0]!])
    return [network.encode(variables, image), encode(image)] as const
  })
  close()
  const [a, b] = await Promise.all([expected.data(), found.data()])
  const largest = Array.from(a).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const differs = a.findIndex((value, i) => !(Math.abs(value - b[i]!) <= 1e-5 * largest) && !Object.is(value, b[i]))
  tf.dispose([expected, found])
  if (differs < 0) return
  throw new Error(
    `serialiseEncoder: expected a file that gives what the network gives, but for one image it gives ${b[differs]} ` +
      `in place of ${a[differs]}. Leave out what differs from call to call, or with the size of the batch.`
  )
}
