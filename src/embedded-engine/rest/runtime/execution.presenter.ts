import type { ExecutionView } from '../../query/execution.query.js';

/** ExecutionDto. */
export function presentExecution(execution: ExecutionView): Record<string, unknown> {
  return {
    id: execution.id,
    processInstanceId: execution.processInstanceId,
    ended: execution.ended,
    tenantId: execution.tenantId,
  };
}
