export { BootError } from './boot.error.js';
export { isOutOfResources } from './out-of-resources.js';
export { ProblemFilter, sendProblem } from './problem.filter.js';
export {
  PROBLEM_MEDIA_TYPE,
  type ProblemCode,
  ProblemError,
  PROBLEMS,
  toProblemDocument,
} from './problems.js';
export {
  fieldErrors,
  isTemporarilyUnavailable,
  type TemporarilyUnavailable,
  toProblem,
} from './to-problem.js';
