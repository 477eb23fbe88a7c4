import * as resnet from '@lapstrake/backbone-resnet'
import * as shufflenet from '@lapstrake/backbone-shufflenet'
import * as wasm from '@lapstrake/backend-wasm'
import * as webgpu from '@lapstrake/backend-webgpu'
import * as checkpoints from '@lapstrake/checkpoints'
import * as core from '@lapstrake/core'
import * as data from '@lapstrake/data'
import * as embeddings from '@lapstrake/embeddings'
import * as evaluation from '@lapstrake/evaluation'
import * as isolation from '@lapstrake/isolation'
import * as kernels from '@lapstrake/kernels'
import * as layers from '@lapstrake/layers'
import * as cacr from '@lapstrake/loss-cacr'
import * as crossEntropy from '@lapstrake/loss-cross-entropy'
import * as distillation from '@lapstrake/loss-distillation'
import * as infoNCE from '@lapstrake/loss-info-nce'
import * as nonContrastive from '@lapstrake/loss-non-contrastive'
import * as pacBayes from '@lapstrake/loss-pac-bayes'
import * as supCon from '@lapstrake/loss-supcon'
import * as optimizers from '@lapstrake/optimizers'
import * as planner from '@lapstrake/planner'
import * as scheduler from '@lapstrake/scheduler'
import * as tf from '@tensorflow/tfjs-core'
import * as lapstrake from 'lapstrake'

/** What a recipe may import by name: all that a browser can use. */
export const modules: Readonly<Record<string, object>> = {
  lapstrake,
  '@lapstrake/backbone-resnet': resnet,
  '@lapstrake/backbone-shufflenet': shufflenet,
  '@lapstrake/backend-wasm': wasm,
  '@lapstrake/backend-webgpu': webgpu,
  '@lapstrake/checkpoints': checkpoints,
  '@lapstrake/core': core,
  '@lapstrake/data': data,
  '@lapstrake/embeddings': embeddings,
  '@lapstrake/evaluation': evaluation,
  '@lapstrake/isolation': isolation,
  '@lapstrake/kernels': kernels,
  '@lapstrake/layers': layers,
  '@lapstrake/loss-cacr': cacr,
  '@lapstrake/loss-cross-entropy': crossEntropy,
  '@lapstrake/loss-distillation': distillation,
  '@lapstrake/loss-info-nce': infoNCE,
  '@lapstrake/loss-non-contrastive': nonContrastive,
  '@lapstrake/loss-pac-bayes': pacBayes,
  '@lapstrake/loss-supcon': supCon,
  '@lapstrake/optimizers': optimizers,
  '@lapstrake/planner': planner,
  '@lapstrake/scheduler': scheduler,
  '@tensorflow/tfjs-core': tf
}
