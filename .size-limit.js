// What a page loads for each package and all that it stands on, minified and gzipped, beside TensorFlow.js and the
// kernels in `.wasm` files.
const whole = {
  core: '14.25 kB',
  isolation: '1.5 kB',
  scheduler: '0.5 kB',
  planner: '18.25 kB',
  optimizers: '2.25 kB',
  embeddings: '2 kB',
  data: '8.25 kB',
  evaluation: '5.75 kB',
  files: '2.5 kB',
  checkpoints: '5.75 kB',
  onnx: '41 kB',
  lapstrake: '91 kB',
  layers: '5 kB',
  'backbones/resnet': '7.75 kB',
  'backends/node': '2 kB',
  'backends/wasm': '21 kB',
  'backends/webgpu': '1.5 kB',
  'losses/cacr': '3.25 kB',
  'losses/cross-entropy': '0.75 kB',
  'losses/distillation': '7.5 kB',
  'losses/info-nce': '3.5 kB',
  'losses/non-contrastive': '2.5 kB',
  'losses/pac-bayes': '5.5 kB',
  'losses/supcon': '3.25 kB'
}
const of = folder => `packages/${folder}/dist/index.js`

export default [
  { name: 'one loss', limit: '3 kB', import: { [of('losses/info-nce')]: '{ ntXent }' } },
  {
    name: 'a trainer, an isolation, a schedule, a loss and an optimizer',
    limit: '14 kB',
    import: {
      [of('core')]: '{ createTrainer, dispose, seeded }',
      [of('isolation')]: '{ overlapping }',
      [of('scheduler')]: '{ sequential }',
      [of('losses/info-nce')]: '{ ntXent }',
      [of('optimizers')]: '{ adamW }'
    }
  },
  ...Object.entries(whole).map(([folder, limit]) => ({ name: `all of ${folder}`, limit, path: of(folder) }))
].map(check => ({
  path: [],
  gzip: true,
  ignore: ['@tensorflow/*'],
  modifyEsbuildConfig: config => ({ ...config, format: 'esm' }),
  ...check
}))
