// What a page loads for each package and all that it stands on, minified and gzipped, beside TensorFlow.js, whose
// gradients `register-gradients.js` is, and the kernels in `.wasm` files.
const whole = {
  core: '18 kB',
  isolation: '4.25 kB',
  scheduler: '1.75 kB',
  kernels: '6.25 kB',
  planner: '24.75 kB',
  optimizers: '3.5 kB',
  embeddings: '3.75 kB',
  data: '44 kB',
  encoder: '33 kB',
  evaluation: '10.5 kB',
  files: '2.5 kB',
  checkpoints: '6.5 kB',
  onnx: '42.5 kB',
  lapstrake: '158 kB',
  layers: '9.75 kB',
  'backbones/resnet': '10 kB',
  'backbones/shufflenet': '8.25 kB',
  'backends/node': '2.75 kB',
  'backends/wasm': '23.25 kB',
  'backends/webgpu': '2.25 kB',
  'losses/cacr': '4.75 kB',
  'losses/cross-entropy': '2 kB',
  'losses/distillation': '12 kB',
  'losses/info-nce': '5.25 kB',
  'losses/non-contrastive': '3.75 kB',
  'losses/pac-bayes': '7.5 kB',
  'losses/supcon': '6.25 kB'
}
const of = folder => `packages/${folder}/dist/index.js`

export default [
  { name: 'one loss', limit: '3 kB', import: { [of('losses/info-nce')]: '{ ntXent }' } },
  {
    name: 'a trainer, an isolation, a schedule, a loss and an optimizer',
    limit: '17.5 kB',
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
  modifyEsbuildConfig: config => ({
    ...config,
    format: 'esm',
    external: [...(config.external ?? []), '*/register-gradients.js']
  }),
  ...check
}))
