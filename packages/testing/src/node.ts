export { describeOnBackends, type TestBackend } from './describe-on-backends.ts'
