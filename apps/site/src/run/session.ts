import {
  networkOf,
  subset,
  train,
  TrainingStopped,
  useBackend,
  weightsOf,
  type Dataset,
  type Experiment,
  type State
} from 'lapstrake'
import { openData } from './data/open-data.ts'
import { evaluate } from './evaluate.ts'
import { experimentOf } from './experiment-of.ts'
import { modules } from './modules.ts'
import { observer, type Observer } from './observe/observer.ts'
import { pace } from './observe/pace.ts'
import { firstViews } from './observe/views.ts'
import type { Blame, Command, RunEvent, RunRequest } from './protocol.ts'
import { lineOf, RecipeError } from './recipe-error.ts'
import { recipes } from './recipes.ts'

/** What may be asked of a run between its steps, and when it is over. */
export type Question = Exclude<Command, { kind: 'start' | 'ping' }>

/** A run under way. */
export interface Session {
  ask(question: Question): void
  /** Resolves when training is over, with whether there is a state left to ask about. */
  readonly ended: Promise<boolean>
}

export type Tell = (event: RunEvent) => void

/** Runs a recipe as a request says and tells what happens. Never throws: what fails is told. */
export function startSession(request: RunRequest, tell: Tell): Session {
  const questions: Question[] = []
  let answer: (question: Question) => Promise<void> = async () => {}
  let over = false
  const answerAll = async (): Promise<void> => {
    for (let question = questions.shift(); question !== undefined; question = questions.shift()) {
      await answer(question).catch((error: unknown) => tell({ kind: 'warning', message: messageOf(error) }))
    }
  }

  async function follow(): Promise<boolean> {
    let blame: Blame = 'recipe'
    let step = 0
    let kept: Kept | undefined
    try {
      const experiment = experimentOf(
        evaluate(request.recipe, { ...recipes, [request.recipe]: request.source }, modules)
      )
      blame = 'backend'
      const { name, description, refused } = await useBackend(request.backend, {
        acceptSoftware: request.acceptSoftware ?? false
      })
      tell({ kind: 'backend', name, description, refused })
      blame = 'data'
      const data = await openData(request.data, {
        onProgress: (what, done, total) => tell({ kind: 'progress', what, done, total }),
        onWarning: message => tell({ kind: 'warning', message })
      })
      const training = limited(data.training, experiment.examples)
      refuseTooFew(experiment, training, data.held)
      tell({
        kind: 'data',
        name: training.name,
        size: training.size,
        shape: training.shape,
        classes: training.classes,
        skipped: data.skipped
      })
      blame = 'training'
      const looking = observer(networkOf(experiment.backbone, training.shape), { ...data, training }, tell)
      const answering =
        (state: State, save?: Save): typeof answer =>
        question =>
          reply(question, { state, looking, experiment, tell, ...(save && { save }) })
      const steps = Math.min(request.steps ?? Infinity, tellPlan(experiment, training, tell))
      const views = await firstViews(experiment, training, request.seed)
      if (views !== undefined) tell(views)
      let saveNow: Save | undefined
      // What a GPU holds is gone with it.
      const keeping = name === 'webgpu' ? pace({ first: 0, interval: 15_000, share: 0.05 }) : undefined
      try {
        const state = await learn({
          experiment,
          training,
          steps,
          looking,
          onState: async (state, save) => {
            saveNow = save
            step = state.step
            if (keeping?.due())
              await keeping.take(async () => {
                kept = { step, bytes: (await save()) as Uint8Array<ArrayBuffer> }
              })
            answer = answering(state, save)
            await breathe()
            await answerAll()
          }
        })
        // A teacher is freed with the training, and a run without it could not be gone on with.
        answer = answering(state, experiment.teacher === undefined ? saveNow : undefined)
        await looking.look(state)
        tell({ kind: 'done', steps: state.step, interrupted: state.step < steps })
      } catch (error) {
        if (!(error instanceof TrainingStopped)) throw error
        answer = answering(error.state)
        tell({ kind: 'error', blame: 'training', message: error.message })
      }
      over = true
      await answerAll()
      return true
    } catch (error) {
      const message = messageOf(error)
      if (message.includes('backend-webgpu: expected the GPU to stay')) {
        tell({ kind: 'lost', step, message, ...(kept && { kept }) })
        return false
      }
      const line = error instanceof RecipeError ? error.line : lineOf(request.recipe, error)
      if (line === undefined && message.startsWith('backend-')) blame = 'backend'
      tell({
        kind: 'error',
        blame: line === undefined ? blame : 'recipe',
        message,
        ...(line !== undefined && { line })
      })
      return false
    }
  }

  interface Course {
    readonly experiment: Experiment
    readonly training: Dataset
    readonly steps: number
    readonly looking: Observer
    readonly onState: (state: State, save: Save) => Promise<void>
  }
  async function learn({ experiment, training, steps, looking, onState }: Course): Promise<State> {
    const end = new AbortController()
    const { due, take } = pace()
    const { state } = await train(experiment, training, {
      seed: request.seed,
      signal: end.signal,
      ...(request.resume && { resume: request.resume }),
      onWarmUp: (done, total) => tell({ kind: 'progress', what: 'Compiling shaders', done, total }),
      onWarning: message => tell({ kind: 'warning', message }),
      onTeacherStep: async ({ step, steps: total }) => {
        tell({ kind: 'progress', what: 'The teacher learns first', done: step, total })
        await breathe()
      },
      async onStep(metrics, state, save) {
        tell({ kind: 'step', metrics })
        if (metrics.step >= steps) end.abort()
        await onState(state, save)
        // First come some losses: a look may take as long as several steps.
        if (metrics.step >= 10 && due() && !end.signal.aborted) await take(() => looking.look(state))
      }
    })
    return state
  }

  return {
    ask(question) {
      questions.push(question)
      if (over) void answerAll()
    },
    ended: follow()
  }
}

type Kept = NonNullable<Extract<RunEvent, { kind: 'lost' }>['kept']>

/** The run as it stands, to be gone on with. */
type Save = () => Promise<Uint8Array>

interface Asked {
  readonly state: State
  readonly looking: Observer
  readonly experiment: Experiment
  readonly tell: Tell
  /** Left out where the run cannot be gone on with. */
  readonly save?: Save
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

const limited = (dataset: Dataset, examples: number = Infinity): Dataset =>
  examples < dataset.size ? subset(dataset, { count: examples }) : dataset

/** @throws Error if the images are too few for a single batch */
function refuseTooFew({ batchSize }: Experiment, { size }: Dataset, held: Dataset): void {
  if (size >= batchSize) return
  throw new Error(
    `data: expected at least ${batchSize} images for a batch, got ${size} to learn from; ` +
      `${held.size} more are kept to look at the network with. ` +
      `Add images, or lower the recipe's batchSize to ${size} or less.`
  )
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

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return /allocation failed|out of memory|could not allocate/i.test(message)
    ? `Out of memory: ${message}. Try a smaller batch, narrower stages or fewer images.`
    : message
}
