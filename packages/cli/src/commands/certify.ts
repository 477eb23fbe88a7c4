import { certify, useBackend, validationLoss, type BackendName, type CertificateOptions } from 'lapstrake'
import { command, type Command } from '../terminal/command.ts'
import { asJson, certificateSaid, criterionOf, type Criterion, type Judged } from './certificate-said.ts'
import { dataInPlace } from './data-options.ts'
import { dataOfRun } from './data-of-run.ts'
import { meanClassifiersOf } from './mean-classifiers.ts'
import { behind, openAll, testingOf } from './runs-to-certify.ts'
import { quietly } from '../terminal/stop-quietly.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { wholeNumber } from '../terminal/whole-number.ts'

export const certifyCommand: Command = command(
  {
    meta: {
      name: 'certify',
      description:
        'Bounds the contrastive risk of a run with stochastic stages, from the data it learnt from; of several, ' +
        'chooses one.'
    },
    args: {
      run: { type: 'positional', required: true, description: 'Folders of runs whose recipes have a certificate' },
      select: {
        type: 'string',
        default: 'bound',
        description:
          'What is least in the run that is chosen of several: its bound, which pays for the choice, or its ' +
          'loss on examples that no run learned from, stochastic or deterministic'
      },
      validation: {
        type: 'string',
        default: '10000',
        description: 'Examples to choose by, at most: those behind the ones that runs learned from, as by --examples'
      },
      data: dataInPlace,
      confidence: {
        type: 'string',
        default: '95',
        description: 'Percent; a fifth of the rest goes to the draws of the weights'
      },
      draws: {
        type: 'string',
        default: '2000',
        description: 'Draws of the weights, at least; where the sample has fewer tuples, one for each'
      },
      'plug-in': {
        type: 'boolean',
        default: false,
        description: 'Pay nothing for the draws: an estimate, as published figures are'
      },
      seed: { type: 'string', default: '0', description: 'Decides the tuples, their views and the draws' },
      json: { type: 'boolean', default: false, description: 'Print the certificate as JSON' },
      backend: { type: 'string', default: 'auto', description: 'auto, node, webgpu, wasm or cpu' }
    },
    run: ({ args }) =>
      quietly(async () => {
        const confidence = Number(args.confidence)
        if (!(confidence >= 50 && confidence < 100))
          throw new UsageError(
            `--confidence: expected percent from 50 to below 100, such as 95, got ${args.confidence}.`
          )
        const [draws, seed] = [wholeNumber('--draws', args.draws, 1), wholeNumber('--seed', args.seed, 0)]
        const criterion = criterionOf(args.select)
        const most = wholeNumber('--validation', args.validation, 1)
        process.stderr.write(`${(await useBackend(args.backend as BackendName)).sentence}\n`)
        const runs = await openAll(args._)
        const failure = 1 - confidence / 100
        const plugIn = args['plug-in']
        const shared = {
          choices: runs.size,
          draws,
          seed,
          plugIn,
          delta: plugIn ? failure : 0.8 * failure,
          drawsDelta: 0.2 * failure
        }
        const judged: Judged[] = []
        for (const [folder, run] of runs) {
          const { experiment, network, trained: variables } = run
          const learned = { experiment, network, variables, certificate: run.exports.certificate as CertificateOptions }
          const training = await dataOfRun(run, 'train', args.data)
          const testing = await testingOf(run, args.data)
          const certificate = await certify({
            ...learned,
            ...shared,
            training,
            testing,
            onProgress: progressOf(folder)
          })
          const validation =
            criterion === 'bound'
              ? undefined
              : await validationLoss({ ...learned, seed, validation: await behind(runs, run, most, args.data) })
          judged.push({ run: folder, certificate, validation })
        }
        if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K')
        const chosen = judged.reduce((least, other) =>
          figure(other, criterion) < figure(least, criterion) ? other : least
        )
        const means = await meanClassifiersOf(runs.get(chosen.run)!, args.data)
        if (args.json) process.stdout.write(`${JSON.stringify(asJson(judged, chosen, criterion, means))}\n`)
        else process.stdout.write(`${certificateSaid(judged, chosen, criterion, means, draws)}\n`)
        process.exit(0)
      })
  },
  { many: true }
)

const figure = ({ certificate, validation }: Judged, criterion: Criterion): number =>
  criterion === 'bound' ? certificate.bound : validation![criterion]

const progressOf =
  (folder: string) =>
  (done: number, total: number): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${folder}: drawing weights, ${done}/${total}`)
  }
