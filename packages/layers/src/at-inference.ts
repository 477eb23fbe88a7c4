import type { Stage } from '@lapstrake/core'

/**
 * A stage that always runs as at inference: its statistics stay as they are. For stages that others trained and no unit
 * of this recipe holds.
 */
export const atInference = (stage: Stage): Stage => ({
  ...stage,
  apply: (variables, input, { context }) => stage.apply(variables, input, { training: false, context })
})
