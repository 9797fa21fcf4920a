export { CORRELATION_ID_PATTERN, correlationIdSchema, isCorrelationId } from './correlation-id.js';
