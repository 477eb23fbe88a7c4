export { myStage, type MyStageOptions } from './my-stage.ts'
