import type { Backbone, Owned, Shape, TeacherVariables, Variables } from '@lapstrake/core'
import type { Beginning, Experiment } from './experiment.ts'
import { formOf, readTeacher } from './load-teacher.ts'

/** The stages that begin with what others learned. */
const lowest = ({ stages }: Backbone, count = stages.length): Backbone => ({
  name: 'the lowest stages',
  stages: stages.slice(0, count)
})

/**
 * Refuses an experiment that trains other stages than those which are to begin with it, before it does.
 *
 * @throws TypeError for stages of another form
 */
export function checkBeginning(
  backbone: Backbone,
  { trainedBy, stages = backbone.stages.length }: Beginning & { readonly trainedBy: Experiment },
  inputShape: Shape
): void {
  const [own, theirs] = [backbone, trainedBy.backbone].map(of => formOf(lowest(of, stages), inputShape))
  if (own !== theirs)
    throw new TypeError(
      `begins: expected ${trainedBy.name} to train the lowest ${stages} stages, whose variables are ${own}, ` +
        `got ${theirs}. Give both one backbone, or fewer stages.`
    )
}

/**
 * What the lowest stages begin with, as an earlier run left it.
 *
 * @throws Error if it is not of their form, naming the first that differs
 */
export const readBeginning = (
  backbone: Backbone,
  { weights, stages }: Extract<Beginning, { weights(): unknown }>,
  inputShape: Shape,
  onWarning: (warning: string) => void
): Promise<Owned<TeacherVariables>> =>
  readTeacher('begins', { backbone: lowest(backbone, stages), weights }, inputShape, onWarning)

/** A backbone whose lowest stages begin with variables that are given. Borrows them. */
export const beginningWith = (backbone: Backbone, variables: readonly Variables[]): Backbone => ({
  ...backbone,
  stages: backbone.stages.map((stage, i) => {
    const given = variables[i]
    return given === undefined
      ? stage
      : { ...stage, init: (random, shape) => ({ ...given, outputShape: stage.init(random, shape).outputShape }) }
  })
})
