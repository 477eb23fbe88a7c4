import { readdirSync } from 'node:fs'
import tseslint from 'typescript-eslint'

const losses = readdirSync(new URL('packages/losses', import.meta.url))
const plugins = [
  'isolation',
  'scheduler',
  'planner',
  'layers',
  'backbone-resnet',
  'backbone-shufflenet',
  ...losses.map(name => `loss-${name}`),
  'optimizers',
  'data',
  'embeddings',
  'encoder',
  'evaluation',
  'checkpoints',
  'files',
  'tensorboard'
]
const runsStandOn = [
  'core',
  'scheduler',
  'isolation',
  'layers',
  'backbone-resnet',
  'loss-cross-entropy',
  'loss-info-nce',
  'loss-pac-bayes',
  'optimizers',
  'data',
  'encoder',
  'evaluation',
  'checkpoints',
  'files',
  'tensorboard'
]
const backends = ['backend-wasm', 'backend-webgpu', 'backend-node']

/** Who may import whom: down only, plugins never sideways, core nobody. */
export const below = {
  core: [],
  files: [],
  isolation: ['core'],
  scheduler: ['core'],
  kernels: ['core'],
  planner: ['core', 'kernels'],
  layers: ['core', 'kernels'],
  'backbones/resnet': ['core', 'layers'],
  'backbones/shufflenet': ['core', 'layers'],
  embeddings: ['core', 'kernels'],
  ...Object.fromEntries(losses.map(name => [`losses/${name}`, ['core', 'embeddings']])),
  optimizers: ['core', 'kernels'],
  data: ['core', 'files', 'kernels'],
  evaluation: ['core'],
  checkpoints: ['core', 'files'],
  encoder: ['core', 'kernels', 'data', 'checkpoints'],
  onnx: ['core', 'kernels'],
  tensorboard: ['core', 'files'],
  testing: ['core', 'kernels', 'backend-wasm', 'backend-node'],
  'backends/wasm': ['core', 'kernels'],
  'backends/webgpu': ['core/errors', 'core/options'],
  'backends/node': ['core/options'],
  runs: [...runsStandOn, ...backends],
  lapstrake: ['core', 'runs', ...plugins, ...backends],
  'create-lapstrake': [],
  cli: ['lapstrake', 'runs', 'evaluation', 'onnx']
}

/** What a package may not import: whatever of lapstrake is not among `allowed`. */
const forbidden = allowed => {
  const parts = allowed.filter(name => name !== 'lapstrake').join('|') || '-'
  const whole = allowed.includes('lapstrake') ? '' : '|lapstrake(/|$)'
  return `^(@lapstrake/(?!(${parts})(/|$))${whole})`
}

const arrow = (files, ignores, allowed, who) => ({
  files,
  ignores,
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: forbidden(allowed),
            message: `${who} may import only: ${allowed.join(', ') || 'nothing of lapstrake'}.`
          }
        ]
      }
    ]
  }
})

const arrows = Object.entries(below).flatMap(([name, allowed]) => [
  arrow([`packages/${name}/src/**/*.ts`], ['**/*.test.ts', 'packages/*/src/testing/**'], allowed, name),
  // Tests may also use the suites and read the files of other programs, and a backend registers nothing without core.
  arrow(
    [`packages/${name}/src/**/*.test.ts`, `packages/${name}/src/testing/**/*.ts`],
    [],
    [
      ...allowed,
      'core',
      'testing',
      'checkpoints',
      'layers',
      'embeddings',
      'backbone-resnet',
      ...(['encoder', 'runs'].includes(name) ? [...plugins, 'backend-wasm'] : [])
    ],
    `a test of ${name}`
  )
])

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', 'runs/**', '**/*.tmp.ts', '**/assembly/**'] },
  {
    files: ['**/*.ts'],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
      eqeqeq: 'error',
      'prefer-const': 'error',
      'no-var': 'error',
      semi: ['error', 'never'],
      quotes: ['error', 'single', { avoidEscape: true, allowTemplateLiterals: true }]
    }
  },
  ...arrows
)
