export { describeOnBackends, type TestBackend } from './describe-on-backends.ts'
export { expectAsOnCpu } from './expect-as-on-cpu.ts'
export { describeFuzz } from './fuzz/describe-fuzz.ts'
export type { FuzzSuite } from './fuzz/fuzz.ts'
