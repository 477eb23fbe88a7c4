export { myIsolation, type MyIsolationOptions } from './my-isolation.ts'
