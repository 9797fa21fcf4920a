import type { CorrelationResult } from '../../messages/correlation.js';
import { presentExecution } from './execution.presenter.js';
import { presentProcessInstance } from './process-instance.presenter.js';
import { writeVariables } from '../variables/variable.writer.js';

/** MessageCorrelationResultDto. */
export function presentCorrelation(
  result: CorrelationResult,
  withVariables: boolean,
): Record<string, unknown> {
  return {
    resultType: result.resultType,
    execution: result.resultType === 'Execution' ? presentExecution(result.execution) : null,
    processInstance:
      result.resultType === 'ProcessDefinition' ? presentProcessInstance(result.processInstance) : null,
    ...(withVariables && { variables: writeVariables(result.variables) }),
  };
}
