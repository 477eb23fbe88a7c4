import {
  networkOf,
  train,
  TrainingStopped,
  weightsOf,
  type Dataset,
  type Experiment,
  type State,
  type TrainOptions
} from 'lapstrake'
import type { Standing } from './failure.ts'
import { observer, type Observer } from './observe/observer.ts'
import { pace } from './observe/pace.ts'
import { firstViews } from './observe/views.ts'
import type { Prepared } from './prepare.ts'
import type { Question, RunRequest, Tell } from './protocol.ts'
import type { Answer, Questions } from './questions.ts'

export interface LearnOptions {
  readonly request: RunRequest
  readonly tell: Tell
  /** Answered between steps, and at once when training is over. */
  readonly questions: Questions
  /** Its step, and what is kept of a run that a GPU may lose, follow the training. */
  readonly standing: Standing
}

/** Trains what was prepared, looks at it now and then, and tells of all. What stays at the end is there to be asked. */
export async function learn(prepared: Prepared, options: LearnOptions): Promise<void> {
  const { experiment, data } = prepared
  const { request, tell, questions } = options
  const looking = observer(networkOf(experiment.backbone, data.training.shape), data, tell)
  const answerFrom: Course['answerFrom'] = (state, save) => question =>
    reply(question, { state, looking, experiment, tell, save })
  const steps = Math.min(request.steps ?? Infinity, tellPlan(experiment, data.training, tell))
  const views = await firstViews(experiment, data.training, request.seed)
  if (views !== undefined) tell(views)
  let answer: Answer
  try {
    const { state, save } = await takeSteps(prepared, options, { steps, looking, answerFrom })
    answer = answerFrom(state, save)
    await looking.look(state)
    tell({ kind: 'done', steps: state.step, interrupted: state.step < steps })
  } catch (error) {
    if (!(error instanceof TrainingStopped)) throw error
    answer = answerFrom(error.state)
    tell({ kind: 'error', blame: 'training', message: error.message })
  }
  await questions.answerFromNowOn(answer)
}

interface Course {
  readonly steps: number
  readonly looking: Observer
  readonly answerFrom: (state: State, save?: Save) => Answer
}

/** The state after so many steps, with how to save it where the run can be gone on with. */
async function takeSteps(
  { experiment, backend, data }: Prepared,
  { request, tell, questions, standing }: LearnOptions,
  { steps, looking, answerFrom }: Course
): Promise<{ readonly state: State; readonly save: Save | undefined }> {
  const end = new AbortController()
  const looks = pace()
  // What a GPU holds is gone with it.
  const keeping = backend === 'webgpu' ? pace({ first: 0, interval: 15_000, share: 0.05 }) : undefined
  let lastSave: Save | undefined
  const { state } = await train(experiment, data.training, {
    seed: request.seed,
    signal: end.signal,
    resume: request.resume,
    ...tellBeforehand(tell),
    async onStep(metrics, state, save) {
      tell({ kind: 'step', metrics })
      if (metrics.step >= steps) end.abort()
      lastSave = save
      standing.step = state.step
      if (keeping?.due())
        await keeping.take(async () => {
          standing.kept = { step: state.step, bytes: (await save()) as Uint8Array<ArrayBuffer> }
        })
      await breathe()
      await questions.answerAll(answerFrom(state, save))
      // First come some losses: a look may take as long as several steps.
      if (metrics.step >= 10 && looks.due() && !end.signal.aborted) await looks.take(() => looking.look(state))
    }
  })
  // A teacher is freed with the training, and a run without it could not be gone on with.
  return { state, save: experiment.teacher === undefined ? lastSave : undefined }
}

/** Tells what comes before the first step. */
const tellBeforehand = (tell: Tell): Pick<TrainOptions, 'onWarmUp' | 'onWarning' | 'onTeacherStep'> => ({
  onWarmUp: (done, total) => tell({ kind: 'progress', what: 'Compiling shaders', done, total }),
  onWarning: message => tell({ kind: 'warning', message }),
  onTeacherStep: async ({ step, steps: total }) => {
    tell({ kind: 'progress', what: 'The teacher learns first', done: step, total })
    await breathe()
  }
})

/** The run as it stands, to be gone on with. */
type Save = () => Promise<Uint8Array>

interface Asked {
  readonly state: State
  readonly looking: Observer
  readonly experiment: Experiment
  readonly tell: Tell
  /** Left out where the run cannot be gone on with. */
  readonly save?: Save | undefined
}

async function reply(question: Question, { state, looking, experiment, tell, save }: Asked): Promise<void> {
  switch (question.kind) {
    case 'map':
      return looking.map(state, question.method)
    case 'export':
      return tell({
        kind: 'weights',
        step: state.step,
        bytes: (await weightsOf(state, experiment.name)) as Uint8Array<ArrayBuffer>
      })
    case 'save':
      if (save === undefined)
        throw new Error(
          'save: expected a run that can be gone on with, but this one is over. Export its weights instead.'
        )
      return tell({ kind: 'saved', step: state.step, bytes: (await save()) as Uint8Array<ArrayBuffer> })
  }
}

/** Tells what is going to happen, and gives back how many steps that takes. */
function tellPlan(
  { name, backbone: { stages }, isolation, batchSize, epochs }: Experiment,
  { size }: Dataset,
  tell: Tell
): number {
  const steps = epochs * Math.floor(size / batchSize)
  tell({ kind: 'plan', name, stages: stages.length, spans: isolation(stages.length), steps, batchSize })
  return steps
}

/** Lets messages in: a step may wait for nothing but promises, and these come before messages. */
const breathe = (): Promise<void> =>
  new Promise(resolve => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
