import type { Shape } from '@lapstrake/core'
import type { Constant, Operand, Trace } from '@lapstrake/kernels'
import { common, open } from './lengths.ts'
import { permuted } from './permuted.ts'
import { writer, type Numbers, type Writer } from './writer.ts'

/**
 * A graph that grows. TensorFlow.js keeps channels last and ONNX wants them first, so a value may be there in either
 * order, or in both: whoever needs one asks for it, and it is transposed when it is not there yet. So transpositions
 * stand at the ends.
 */
export interface Graph extends Writer {
  /** The name of lengths, of which {@link open} stands for how many images there are. */
  lengths(values: readonly number[]): string
  /** With {@link open} for a length that grows with the batch. */
  shapeOf(operand: Operand): Shape
  /** For two images, and for three. */
  shapesOf(operand: Operand): readonly [Shape, Shape]
  typeOf(operand: Operand): string
  isChannelsFirst(operand: Operand): boolean
  /** The name of an operand as TensorFlow.js lays it out. */
  plain(operand: Operand): string
  /** The name of an operand of four axes with the channels behind the batch. */
  channelsFirst(operand: Operand): string
  /** The name of an operand that may be smaller, as long as it spreads over what it is combined with. */
  spreading(operand: Operand, channelsFirst: boolean): string
  /** Says what a value is called. */
  name(value: number, plain: string): void
  nameChannelsFirst(value: number, name: string): void
}

/** What a value is called in either order, where it is there. */
interface Names {
  plain?: string | undefined
  channelsFirst?: string | undefined
}

const first = [0, 3, 1, 2]
const last = [0, 2, 3, 1]

/** @param input what the input is called, and `taken` the names that are not free, that one among them */
export function graph({ values }: Trace, input: string, taken: readonly string[]): Graph {
  const written = writer(taken)
  const { add, constant, integers } = written
  const names = new Map<number, Names>([[0, { plain: input }]])
  const constants = new Map<Constant, string>()
  let images: string | undefined

  const named = (value: number): Names => {
    if (!names.has(value)) names.set(value, {})
    return names.get(value)!
  }
  const transposed = (name: string | undefined, perm: readonly number[]): string => {
    if (name === undefined) {
      throw new Error('toOnnx: expected only the first result of an operation to be used, got another. Leave it out.')
    }
    return add('Transpose', [name], { perm })
  }
  /** A constant as it was read: of one row where there is one for each image. */
  const row = (operand: Constant): string => {
    if (!constants.has(operand)) constants.set(operand, constant(operand.shape, operand.values as Numbers))
    return constants.get(operand)!
  }
  const lengths: Graph['lengths'] = wanted => {
    if (!wanted.includes(open)) return integers(wanted)
    const count = (): string => (images ??= add('Slice', [add('Shape', [input]), integers([0]), integers([1])]))
    const parts = wanted.map(length => (length === open ? count() : integers([length])))
    return parts.length === 1 ? parts[0]! : add('Concat', parts, { axis: 0 })
  }
  const plain: Graph['plain'] = operand => {
    if (typeof operand === 'number') return (named(operand).plain ??= transposed(named(operand).channelsFirst, last))
    if (!operand.isForEachImage) return row(operand)
    return add('Expand', [row(operand), lengths([open, ...operand.shape.slice(1)])])
  }
  const channelsFirst: Graph['channelsFirst'] = operand => {
    if (typeof operand !== 'number') return add('Transpose', [plain(operand)], { perm: first })
    return (named(operand).channelsFirst ??= transposed(named(operand).plain, first))
  }
  const shapesOf: Graph['shapesOf'] = operand =>
    typeof operand === 'number' ? values[operand]!.shapes : shapesOfConstant(operand)

  return {
    ...written,
    lengths,
    shapeOf: operand => common(shapesOf(operand)),
    shapesOf,
    typeOf: operand => (typeof operand === 'number' ? values[operand]! : operand).dtype,
    isChannelsFirst: operand => typeof operand === 'number' && named(operand).channelsFirst !== undefined,
    plain,
    channelsFirst,
    spreading(operand, toMaps) {
      if (typeof operand === 'number') return toMaps ? channelsFirst(operand) : plain(operand)
      return toMaps && operand.shape.length > 0 ? constant(...spreadOverMaps(operand)) : row(operand)
    },
    name(value, name) {
      named(value).plain = name
    },
    nameChannelsFirst(value, name) {
      named(value).channelsFirst = name
    }
  }
}

function shapesOfConstant({ shape, isForEachImage }: Constant): readonly [Shape, Shape] {
  const rest = shape.slice(1)
  return isForEachImage
    ? [
        [2, ...rest],
        [3, ...rest]
      ]
    : [shape, shape]
}

/** A constant with the axes of maps whose channels stand first. */
function spreadOverMaps({ shape, values }: Constant): [Shape, Numbers] {
  const four = [...Array.from({ length: 4 - shape.length }, () => 1), ...shape]
  return [first.map(axis => four[axis]!), permuted(values, four, first) as Numbers]
}
