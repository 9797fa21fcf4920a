import type { ExecutionView } from '../core/instance.views.js';

/** ExecutionDto. */
export function presentExecution(execution: ExecutionView): Record<string, unknown> {
  return {
    id: execution.id,
    processInstanceId: execution.processInstanceId,
    ended: execution.ended,
    tenantId: execution.tenantId,
  };
}
