export { CorrelationIdPipe } from './correlation-id.pipe.js';
export { ZodValidationPipe } from './zod-validation.pipe.js';
