import {
  checkEmbeddings,
  checkGiven,
  checkOptions,
  checkTensors,
  detached,
  reduced,
  reductionKind,
  type Reduced,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import { checkTemperature, normaliseRows, zeroRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'

/** The last rows of every example, of student and teacher: constants to the loss, drawn towards new rows after it. */
export interface Banks {
  /** `[examples, dim]`, rows of about length one. */
  readonly student: tf.Tensor2D
  readonly teacher: tf.Tensor2D
  readonly [side: string]: tf.Tensor
}

/** Logarithms of what turns exponentials into probabilities; estimated from the first batch, constant from then on. */
export interface LogNormalisers {
  readonly student: tf.Scalar
  readonly teacher: tf.Scalar
  readonly [side: string]: tf.Tensor
}

/** Rows of both sides, what is remembered of them, and which places of it each is compared with. */
export interface CRDLossInputs {
  /** Projected rows of the student, `[batch, dim]`, of any length. */
  readonly student: tf.Tensor2D
  /** Projected rows of the teacher, `[batch, dim]`. */
  readonly teacher: tf.Tensor2D
  readonly banks: Banks
  /** Left out at the first call. */
  readonly logNormalisers?: LogNormalisers | undefined
  /** The place of each example in the banks, `[batch]`, int32. */
  readonly indices: tf.Tensor1D
  /** Places in the banks to compare with, `[batch, 1 + negatives]`, int32: the positive first. */
  readonly contrast: tf.Tensor2D
}

export interface CRDLossOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  readonly temperature?: number | undefined
  /** How much of a bank's row stays when a new one comes. */
  readonly momentum?: number | undefined
  /** Keeps the logarithm of the authors' code from zero. */
  readonly epsilon?: number | undefined
}

/** What {@link crdLoss} gives. */
export interface CRDLossResult<R extends Reduction = 'mean' | 'sum'> {
  readonly loss: Reduced<R>
  readonly banks: Banks
  readonly logNormalisers: LogNormalisers
}

/**
 * Contrastive representation distillation with memory banks: is this pair of a student's row and a teacher's row of one
 * example? Each side asks the other's bank, which is read before it is updated; the gradient reaches both sides' rows
 * and no bank.
 *
 * With `s` the similarity of an anchor and a bank's row, `x = e^(s/t) / Z` and `c = K / n + ε` for `K` negatives among
 * `n` examples, a side costs `−mean over the batch of [ log(x₀ / (x₀ + c)) + Σₖ log((K / n) / (xₖ + c)) ]`, `[batch]`.
 * Computed from logarithms throughout. Where an example occurs more than once in a batch, its last row stays in the
 * bank.
 *
 * @throws RangeError for options out of range
 * @throws Error if the banks, indices or places do not fit the rows
 * @see Tian et al. 2020, eq. 17 to 19, https://arxiv.org/abs/1910.10699; Z as in the authors' code
 */
export function crdLoss<R extends Reduction = 'mean'>(
  given: CRDLossInputs,
  options: CRDLossOptions<R> = {}
): CRDLossResult<R> {
  checkOptions('crdLoss', options, {
    temperature: 'number',
    momentum: 'number',
    epsilon: 'number',
    reduction: reductionKind
  })
  const { temperature = 0.07, momentum = 0.5, epsilon = 1e-7, reduction = 'mean' as R } = options
  checkTemperature('crdLoss', temperature)
  checkEpsilon('crdLoss', epsilon)
  if (!(momentum >= 0 && momentum < 1))
    throw new RangeError(`crdLoss: expected a momentum from 0 to below 1, got ${momentum}. Try 0.5.`)
  checkGiven('crdLoss', 'rows, banks and places, as in { student, teacher, banks, … }', given, 'record')
  const { student, teacher, banks, logNormalisers, indices, contrast } = given
  checkGiven('crdLoss', 'banks, as in { student, teacher }', banks, 'record')
  checkShapes(student, teacher, banks, indices, contrast)
  const [studentRows, teacherRows] = [normaliseRows(student), normaliseRows(teacher)]
  const examples = banks.student.shape[0]
  const side = (
    anchors: tf.Tensor2D,
    bank: tf.Tensor2D,
    known: tf.Scalar | undefined
  ): { each: tf.Tensor1D; logNormaliser: tf.Scalar } => {
    const logits = similarities(anchors, bank, contrast, temperature)
    const logNormaliser =
      known ?? detached(() => tf.add(tf.logSumExp(logits), Math.log(examples / logits.size)) as tf.Scalar)
    return {
      each: misjudged(tf.sub(logits, logNormaliser) as tf.Tensor2D, examples, epsilon),
      logNormaliser
    }
  }
  const asked = side(studentRows, banks.teacher, logNormalisers?.student)
  const answered = side(teacherRows, banks.student, logNormalisers?.teacher)
  const updated = (bank: tf.Tensor2D, rows: tf.Tensor2D): tf.Tensor2D =>
    detached(() => drawn(bank, rows, indices, momentum))
  return {
    loss: reduced(tf.add(asked.each, answered.each), reduction),
    banks: { student: updated(banks.student, studentRows), teacher: updated(banks.teacher, teacherRows) },
    logNormalisers: { student: asked.logNormaliser, teacher: answered.logNormaliser }
  }
}

export interface NoiseContrastiveOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** Rows that a negative may be. */
  readonly examples: number
  readonly epsilon?: number | undefined
}

/**
 * Noise-contrastive estimation of which column is the positive: column 0 is, the others are noise. Returns nats,
 * summed over the columns and averaged over the rows, `[batch]`; exactly 0 without noise, where nothing is to be told
 * apart.
 *
 * @param logits `[batch, 1 + negatives]`, logarithms of the normalised scores
 * @throws RangeError for options out of range
 * @throws Error unless the logits are floats `[batch, columns]`, of one row and one column or more
 * @see Tian et al. 2020, eq. 18, https://arxiv.org/abs/1910.10699
 */
export function noiseContrastive<R extends Reduction = 'mean'>(
  logits: tf.Tensor2D,
  options: NoiseContrastiveOptions<R>
): Reduced<R> {
  checkOptions('noiseContrastive', options, { examples: 'number', epsilon: 'number', reduction: reductionKind })
  const { examples, epsilon = 1e-7, reduction = 'mean' as R } = options
  if (!(examples > 0 && examples < Infinity)) {
    throw new RangeError(
      `noiseContrastive: expected 1 or more examples, got ${examples}. Give it how many rows a negative may be.`
    )
  }
  checkEpsilon('noiseContrastive', epsilon)
  checkTensors('noiseContrastive', [logits])
  const [, columns] = logits.shape
  if (logits.rank !== 2 || columns < 1) {
    throw new Error(
      `noiseContrastive: expected logits [batch, 1 + negatives], got [${logits.shape.join(', ')}]. ` +
        'Put the positive into column 0.'
    )
  }
  checkEmbeddings('noiseContrastive', [logits])
  return reduced(misjudged(logits, examples, epsilon), reduction)
}

/** {@link noiseContrastive} of each row, `[batch]`. */
function misjudged(logits: tf.Tensor2D, examples: number, epsilon: number): tf.Tensor1D {
  const [batch, columns] = logits.shape
  const negatives = columns - 1
  if (negatives === 0) return zeroRows(logits)
  const noise = Math.log(negatives / examples + epsilon)
  const positive = tf.slice(logits, [0, 0], [batch, 1])
  const others = tf.slice(logits, [0, 1], [batch, negatives])
  // log((K/n) / (x + c)) = log(K/n) − log c − softplus(log x − log c)
  const constant = negatives * (Math.log(negatives / examples) - noise)
  const cost = tf.add(softplus(tf.sub(noise, positive)), tf.sum(softplus(tf.sub(others, noise)), 1, true))
  return tf.sub(tf.squeeze(cost, [1]), constant) as tf.Tensor1D
}

function checkEpsilon(who: string, epsilon: number): void {
  if (!(epsilon >= 0 && epsilon < Infinity))
    throw new RangeError(`${who}: expected an epsilon of 0 or more, got ${epsilon}. Try 1e-7.`)
}

/** `log(1 + eˣ)`, without overflow. */
const softplus = (x: tf.Tensor): tf.Tensor => tf.add(tf.relu(x), tf.log1p(tf.exp(tf.neg(tf.abs(x)))))

/** Similarities of each anchor with its rows of the bank, `[batch, 1 + negatives]`, divided by the temperature. */
function similarities(
  anchors: tf.Tensor2D,
  bank: tf.Tensor2D,
  contrast: tf.Tensor2D,
  temperature: number
): tf.Tensor2D {
  const [batch, dim] = anchors.shape
  const rows = detached(() => tf.gather(bank, contrast)) // [batch, columns, dim]
  return tf.reshape(tf.matMul(rows, tf.reshape(tf.div(anchors, temperature), [batch, dim, 1])), contrast.shape)
}

/** A bank whose rows at `indices` were drawn towards new ones. */
function drawn(bank: tf.Tensor2D, rows: tf.Tensor2D, indices: tf.Tensor1D, momentum: number): tf.Tensor2D {
  const batch = indices.shape[0]
  // An example that occurs twice is written twice with one and the same row, so that no order matters.
  const same = tf.equal(tf.reshape(indices, [batch, 1]), tf.reshape(indices, [1, batch]))
  const last = tf.cast(tf.max(tf.mul(tf.cast(same, 'float32'), tf.range(0, batch)), 1), 'int32')
  const next = normaliseRows(
    tf.add(tf.mul(tf.gather(bank, indices), momentum), tf.mul(tf.gather(rows, last), 1 - momentum))
  )
  // The cpu backend of TensorFlow.js 4.22 scatters into the very tensor it is given.
  return tf.tensorScatterUpdate(tf.add(bank, 0), tf.reshape(indices, [batch, 1]), next) as tf.Tensor2D
}

function checkShapes(
  student: tf.Tensor2D,
  teacher: tf.Tensor2D,
  banks: Banks,
  indices: tf.Tensor1D,
  contrast: tf.Tensor2D
): void {
  checkTensors('crd', [banks.student, banks.teacher, indices, contrast])
  for (const rows of [student, teacher]) checkEmbeddings('crd', [rows])
  const [batch, dim] = student.shape
  const say = ({ shape }: tf.Tensor): string => `[${shape.join(', ')}]`
  if (teacher.shape[0] !== batch) {
    throw new Error(
      `crd: expected student and teacher to see the same examples, got ${batch} and ${teacher.shape[0]}. ` +
        'Row i of both must show example i.'
    )
  }
  if (
    teacher.shape[1] !== dim ||
    banks.student.shape[1] !== dim ||
    banks.teacher.shape[1] !== dim ||
    banks.student.shape[0] !== banks.teacher.shape[0]
  ) {
    throw new Error(
      `crd: expected rows and banks of one width, got ${say(student)}, ${say(teacher)} and banks ` +
        `${say(banks.student)}, ${say(banks.teacher)}.`
    )
  }
  if (indices.shape[0] !== batch || contrast.shape[0] !== batch || contrast.shape[1]! < 2) {
    throw new Error(
      `crd: expected indices [${batch}] and contrast [${batch}, 1 + negatives], ` +
        `got ${say(indices)} and ${say(contrast)}.`
    )
  }
}
