import type { ModelProblem } from './process-model.js';

/** A resource that does not compile; corresponds to Camunda's ParseException. */
export class BpmnParseError extends Error {
  override readonly name = 'BpmnParseError';

  /**
   * @param resourceName name of the deployed file
   * @param errors all problems, in document order if known
   * @param warnings problems that alone would be accepted
   */
  constructor(
    readonly resourceName: string,
    readonly errors: readonly ModelProblem[],
    readonly warnings: readonly ModelProblem[],
  ) {
    super(
      `ENGINE-09005 Could not parse BPMN process. Errors: ${errors.map((one) => line(one, resourceName)).join('')}`,
    );
  }
}

function line(problem: ModelProblem, resourceName: string): string {
  return `\n* ${problem.message} | resource ${resourceName} | line ${problem.line} | column ${problem.column}`;
}
