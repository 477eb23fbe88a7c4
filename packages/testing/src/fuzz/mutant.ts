import type { Draw } from './draws.ts'
import { bytesOfText, extremeNumbers, extremeTexts, replaceMatch } from './mutate-text.ts'

type Mutation = (bytes: Uint8Array, draw: Draw, others: readonly Uint8Array[]) => Uint8Array

/** No mutant is longer. */
const longest = 65_536

/** One of the inputs after one to six changes, each half as likely as the last. */
export function mutant(inputs: readonly Uint8Array[], draw: Draw): Uint8Array {
  let bytes = oneOf(inputs, draw)
  let changes = 0
  do bytes = oneOf(mutations, draw)(bytes, draw, inputs).subarray(0, longest)
  while (++changes < 6 && draw(2) === 0)
  return bytes.slice()
}

const oneOf = <T>(list: readonly T[], draw: Draw): T => list[draw(list.length)]!

const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

/** Two places of some bytes, in order, most often near each other. */
function block(bytes: Uint8Array, draw: Draw): readonly [from: number, to: number] {
  const from = draw(bytes.length + 1)
  const length = draw(4) === 0 ? draw(bytes.length + 1) : draw(17)
  return [from, Math.min(bytes.length, from + length)]
}

/** Bytes that mean something: ends of ranges, and the signs of JSON. */
const telling = [0, 1, 0x7f, 0x80, 0xfe, 0xff, ...bytesOfText('"\\{}[],:-. \n09eE')]

/** Whole numbers at the ends of what a count, a length or an offset can hold. */
const extremes = [0n, 1n, -1n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n]

const flipBit: Mutation = (bytes, draw) => {
  const changed = bytes.slice()
  const at = draw(changed.length)
  if (at < changed.length) changed[at]! ^= 1 << draw(8)
  return changed
}

const setByte: Mutation = (bytes, draw) => {
  const changed = bytes.slice()
  if (changed.length > 0) changed[draw(changed.length)] = draw(2) === 0 ? oneOf(telling, draw) : draw(256)
  return changed
}

/** A little-endian number of one to eight bytes; often at the beginning, where lengths stand. */
const setWord: Mutation = (bytes, draw) => {
  const changed = bytes.slice()
  const width = 2 ** draw(4)
  const word = new DataView(new ArrayBuffer(8))
  word.setBigInt64(0, draw(4) === 0 ? BigInt(draw(2 * bytes.length + 1)) : oneOf(extremes, draw), true)
  const at = draw(4) === 0 ? 0 : draw(bytes.length + 1)
  changed.set(new Uint8Array(word.buffer, 0, Math.min(width, changed.length - at)), at)
  return changed
}

const cutEnd: Mutation = (bytes, draw) => bytes.subarray(0, draw(bytes.length + 1))

const cutBlock: Mutation = (bytes, draw) => {
  const [from, to] = block(bytes, draw)
  return joined(bytes.subarray(0, from), bytes.subarray(to))
}

const insert: Mutation = (bytes, draw) => {
  const at = draw(bytes.length + 1)
  const inserted = new Uint8Array(1 + draw(2 ** draw(12))).fill(oneOf(telling, draw))
  return joined(bytes.subarray(0, at), inserted, bytes.subarray(at))
}

const repeatBlock: Mutation = (bytes, draw) => {
  const [from, to] = block(bytes, draw)
  const times = 2 + draw(2 ** draw(6))
  return joined(bytes.subarray(0, from), ...Array<Uint8Array>(times).fill(bytes.subarray(from, to)), bytes.subarray(to))
}

const swapBlocks: Mutation = (bytes, draw) => {
  const [from, to] = block(bytes, draw)
  const end = Math.min(bytes.length, to + draw(17))
  return joined(bytes.subarray(0, from), bytes.subarray(to, end), bytes.subarray(from, to), bytes.subarray(end))
}

const splice: Mutation = (bytes, draw, others) => {
  const other = oneOf(others, draw)
  return joined(bytes.subarray(0, draw(bytes.length + 1)), other.subarray(draw(other.length + 1)))
}

const number = /-?\d[\d.eE+-]*/g

const replaceNumber: Mutation = (bytes, draw) => replaceMatch(bytes, number, draw, () => oneOf(extremeNumbers, draw))

/** By one of the others, or by an extreme. */
const replaceText: Mutation = (bytes, draw) =>
  replaceMatch(bytes, /"(?:[^"\\]|\\.)*"/g, draw, texts => oneOf(draw(2) === 0 ? texts : extremeTexts, draw))

/** A value deep within lists or objects: readers that call themselves run out of calls. */
const nest: Mutation = (bytes, draw) =>
  replaceMatch(bytes, number, draw, () => {
    const depth = draw(2 ** draw(15))
    return draw(2) === 0 ? '['.repeat(depth) + ']'.repeat(depth) : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
  })

const mutations: readonly Mutation[] = [
  flipBit,
  flipBit,
  setByte,
  setByte,
  setWord,
  setWord,
  cutEnd,
  cutBlock,
  insert,
  repeatBlock,
  swapBlocks,
  splice,
  replaceNumber,
  replaceNumber,
  replaceNumber,
  replaceText,
  replaceText,
  nest
]
