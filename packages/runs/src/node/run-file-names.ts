/** What a run's folder holds, by name. */
export const runFiles = {
  manifest: 'manifest.json',
  recipe: 'recipe.mjs',
  steps: 'run.jsonl',
  state: 'state.safetensors',
  weights: 'weights.safetensors',
  best: 'best.safetensors',
  evaluation: 'evaluation.json',
  checkpoints: 'checkpoints',
  tensorboard: 'tensorboard'
} as const
