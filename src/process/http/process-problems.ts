import type { ZodError } from 'zod';
import { fieldErrors, type ProblemCode, ProblemError } from '../../common/errors/index.js';
import type { ProcessRecord } from '../../process-store/index.js';
import type { VariableFault } from '../commands/start-variables.js';
import type { StartRefusal } from '../launch/start-refusal.js';

/** Seconds after which a client may repeat a refused request. */
const RETRY_AFTER_SECONDS = '2';

export function unknownProcess(correlationId: string): ProblemError {
  return new ProblemError('unknown-process', 'No process with this correlation id is known here.', {
    members: { correlationId },
  });
}

const ID_IS_TAKEN =
  'This correlation id belongs to a process with another definition or other variables. ' +
  'That process is unchanged; start yours with another id.';

/** @param statusUrl status of the process that has the id */
export function correlationIdConflict(record: ProcessRecord, statusUrl: string): ProblemError {
  return new ProblemError('correlation-id-conflict', ID_IS_TAKEN, {
    members: aboutProcess(record, statusUrl),
  });
}

/** The id belongs to a process that the caller may not see, whatever its content is. */
export function foreignCorrelationId(correlationId: string): ProblemError {
  return new ProblemError('correlation-id-conflict', ID_IS_TAKEN, { members: { correlationId } });
}

export function outcomeConflict(record: ProcessRecord, statusUrl: string): ProblemError {
  return new ProblemError(
    'outcome-conflict',
    'The process already has a different outcome. The first one stays; this attempt is in its event log.',
    { members: aboutProcess(record, statusUrl) },
  );
}

/** @param statusUrl status of the process */
export function processEnded(record: ProcessRecord, statusUrl: string): ProblemError {
  return new ProblemError(
    'process-ended',
    'The process has ended, and an ended process cannot be cancelled. It is unchanged.',
    { members: aboutProcess(record, statusUrl) },
  );
}

export function startBacklogFull(): ProblemError {
  return new ProblemError(
    'start-backlog-full',
    'Too many starts wait for the process engine. Nothing was accepted; repeat the request later.',
    { headers: { 'retry-after': '10' } },
  );
}

export function serviceStopping(): ProblemError {
  return new ProblemError(
    'service-stopping',
    'The service is stopping and accepted nothing. Repeat the request.',
    {
      headers: { 'retry-after': RETRY_AFTER_SECONDS },
    },
  );
}

const PROBLEM_OF_REFUSAL = {
  'unknown-definition': 'unknown-process-definition',
  'refused-definition': 'unknown-process-definition',
  'bad-variables': 'invalid-variables',
} as const satisfies Record<StartRefusal['reason'], ProblemCode>;

/** The engine refused the start for good. */
export function startRefused({ reason, message, cause }: StartRefusal): ProblemError {
  return new ProblemError(PROBLEM_OF_REFUSAL[reason], message, cause === undefined ? {} : { cause });
}

/** Some variables could not reach the engine as the client sent them. */
export function unacceptableVariables(faults: readonly VariableFault[]): ProblemError {
  return new ProblemError(
    'invalid-variables',
    'Some variables are not accepted; see errors. Nothing was kept.',
    {
      errors: faults.map(({ name, detail }) => ({ pointer: `/variables/${escapePointer(name)}`, detail })),
    },
  );
}

/** The engine refused the variables of a message or a task. */
export function variablesRefused(cause: unknown): ProblemError {
  return new ProblemError(
    'invalid-variables',
    'The process engine does not accept these variables. Nothing was changed.',
    { cause },
  );
}

/** @param cause the errors of the start schema */
export function variablesDoNotFit(processKey: string, cause: ZodError): ProblemError {
  return new ProblemError(
    'invalid-variables',
    `The variables do not fit the process "${processKey}"; see errors. Nothing was kept.`,
    { errors: fieldErrors(cause, '/variables'), cause },
  );
}

export function storeUnavailable(): ProblemError {
  return new ProblemError(
    'store-unavailable',
    'The store does not answer in time. Nothing was changed; repeat the request later.',
    { headers: { 'retry-after': RETRY_AFTER_SECONDS } },
  );
}

/** @param inDoubt whether the engine may have executed the request */
export function engineUnavailable(inDoubt: boolean, cause: unknown): ProblemError {
  return new ProblemError(
    'engine-unavailable',
    inDoubt
      ? 'The process engine did not answer; it may have executed the request. Read the task, and repeat the request if it is unchanged.'
      : 'The process engine does not answer. Nothing was changed; repeat the request later.',
    {
      headers: { 'retry-after': RETRY_AFTER_SECONDS },
      ...(inDoubt ? { members: { accepted: 'unknown' } } : {}),
      cause,
    },
  );
}

function aboutProcess(record: ProcessRecord, statusUrl: string): Record<string, unknown> {
  return { correlationId: record.correlationId, processStatus: record.status, statusUrl };
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
