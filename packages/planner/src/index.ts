export { audit, type Audit, type AuditOptions, type UnitAudit } from './audit.ts'
export { balance, type BalanceOptions } from './balance.ts'
export { idealCost, idealSaving } from './ideal.ts'
export { regroup } from './regroup.ts'
export {
  largestBatch,
  plan,
  type Cost,
  type LargestBatchOptions,
  type Plan,
  type PlanOptions,
  type StagePlan,
  type UnitPlan
} from './plan.ts'
