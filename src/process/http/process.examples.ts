import { z } from 'zod';
import type { ProcessDefinition } from '../../common/process-definition/index.js';

/** Examples of a body by name, as OpenAPI has them. */
export type Examples = Readonly<
  Record<string, { readonly summary: string; readonly value: Readonly<Record<string, unknown>> }>
>;

export const START_PATH = '/api/process/start';

/** A start of each process, with the variables that its start schema has as its first example. */
export function startExamples(definitions: readonly ProcessDefinition[]): Record<string, Examples[string]> {
  return Object.fromEntries(
    definitions.map(({ key, startSchema }) => {
      const variables = startSchema === undefined ? undefined : exampleOf(startSchema);
      const value = { processKey: key, ...(variables === undefined ? {} : { variables }) };
      return [key, { summary: `Start ${key}`, value }] as const;
    }),
  );
}

function exampleOf(schema: z.ZodType): unknown {
  const { examples } = z.globalRegistry.get(schema) ?? {};
  return Array.isArray(examples) ? (examples as readonly unknown[])[0] : undefined;
}

const ENDED = {
  correlationId: 'user-123',
  processKey: 'onboard-user',
  status: 'ok',
  data: {
    success: true,
    userId: 'user-123',
    validationResult: { valid: true },
    backgroundCheckResult: { cleared: true },
    onboardingResult: { success: true, userId: 'user-123' },
  },
  error: null,
  errorCode: null,
  startedAt: '2026-11-21T05:14:07.137Z',
  updatedAt: '2026-11-21T05:14:07.188Z',
  statusUrl: '/api/process/status/user-123',
};

/** The answers of the README; a test keeps the two equal. */
export const OK_EXAMPLE: Examples = { result: { summary: 'A result', value: ENDED } };

export const PENDING_EXAMPLE: Examples = {
  pending: {
    summary: 'A slow process',
    value: {
      ...ENDED,
      correlationId: 'slow-1',
      status: 'pending',
      data: null,
      startedAt: '2026-11-21T05:14:12.281Z',
      updatedAt: '2026-11-21T05:14:12.281Z',
      statusUrl: '/api/process/status/slow-1',
    },
  },
};

export const ERROR_EXAMPLES: Examples = {
  businessError: {
    summary: 'A business error',
    value: {
      ...ENDED,
      correlationId: 'blocked-1',
      status: 'error',
      data: null,
      error: 'The background check did not clear the user',
      errorCode: 'NOT_CLEARED',
      startedAt: '2026-11-21T05:14:07.238Z',
      updatedAt: '2026-11-21T05:14:07.275Z',
      statusUrl: '/api/process/status/blocked-1',
    },
  },
  incident: {
    summary: 'An incident',
    value: {
      ...ENDED,
      correlationId: 'broken-1',
      status: 'error',
      data: null,
      error: 'run-background-check: POST /background-checks: answered 500',
      errorCode: 'INCIDENT',
      startedAt: '2026-11-21T05:14:08.804Z',
      updatedAt: '2026-11-21T05:14:12.270Z',
      statusUrl: '/api/process/status/broken-1',
    },
  },
};
