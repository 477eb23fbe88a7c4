// What pages say of recipes before one runs, as JSON: node scripts/run-source.mjs apps/site/src/recipe-facts.ts
import { readdirSync, readFileSync } from 'node:fs'
import * as tf from '@tensorflow/tfjs-core'
import { MissingLabels, useBackend, type Experiment, type Span } from 'lapstrake'
import { docComment, type DocComment } from './components/run/doc-comment.ts'

export interface RecipeFacts extends Pick<DocComment, 'title' | 'summary'> {
  /** Such as `03-loco`. */
  readonly recipe: string
  readonly stages: number
  readonly spans: readonly Span[]
  /** Whether it learns from classes, so that it wants images in folders. */
  readonly needsLabels: boolean
  /** What its data are called, as a menu says it. */
  readonly data: string | undefined
}

/** Asks each loss for its value without labels: those that need them say so. */
function needsLabels(experiment: Experiment, spans: readonly Span[]): boolean {
  const views = [tf.ones<tf.Rank.R2>([2, 10]), tf.ones<tf.Rank.R2>([2, 10])] as const
  return spans.some((span, i) => {
    const loss = experiment.loss(span, i)
    if (typeof loss !== 'function') return false
    try {
      loss(views, { views })
      return false
    } catch (error) {
      return error instanceof MissingLabels
    }
  })
}

await useBackend('cpu')
const folder = new URL('../../../docs/recipes/', import.meta.url)
const files = readdirSync(folder).filter(file => /^\d\d-.*(?<!\.test)\.ts$/.test(file))
const facts = await Promise.all(
  files.map(async (file): Promise<RecipeFacts> => {
    const { default: experiment } = (await import(new URL(file, folder).href)) as { default: Experiment }
    const stages = experiment.backbone.stages.length
    const spans = experiment.isolation(stages)
    const { title, summary } = docComment(readFileSync(new URL(file, folder), 'utf8'), file)
    return {
      recipe: file.replace(/\.ts$/, ''),
      title,
      summary,
      stages,
      spans,
      needsLabels: needsLabels(experiment, spans),
      data: experiment.data?.name
    }
  })
)
process.stdout.write(JSON.stringify(facts))
