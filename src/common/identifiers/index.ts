export { correlationIdSchema, isCorrelationId } from './correlation-id.js';
export { isRequestId, requestIdOf } from './request-id.js';
export { TimeOrderedIds } from './time-ordered-id.js';
