import { ProblemError } from '../../common/errors/index.js';
import type { ProcessRecord } from '../../process-store/index.js';

/** Seconds after which a client may repeat a request that the service could not take. */
const RETRY_AFTER_SECONDS = '2';

export function unknownProcess(correlationId: string): ProblemError {
  return new ProblemError('unknown-process', 'No process with this correlation id is known here.', {
    members: { correlationId },
  });
}

/** @param statusUrl where the process that has the id is found */
export function correlationIdConflict(record: ProcessRecord, statusUrl: string): ProblemError {
  return new ProblemError(
    'correlation-id-conflict',
    'This correlation id belongs to a process with another key or other variables. ' +
      'That process is unchanged; start yours with another id.',
    { members: aboutProcess(record, statusUrl) },
  );
}

export function outcomeConflict(record: ProcessRecord, statusUrl: string): ProblemError {
  return new ProblemError(
    'outcome-conflict',
    'The process already has a different outcome. The first one stays; this attempt is in its event log.',
    { members: aboutProcess(record, statusUrl) },
  );
}

/** @param statusUrl where the process is found */
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

/** Keys that a 404 lists. */
const MAX_LISTED_KEYS = 20;

/** @param known keys of the service's own definitions; the engine may have more */
export function unknownProcessDefinition(processKey: string, known: readonly string[]): ProblemError {
  const listed = known.slice(0, MAX_LISTED_KEYS).join(', ');
  const more = known.length > MAX_LISTED_KEYS ? ', …' : '';
  return new ProblemError(
    'unknown-process-definition',
    `The process engine has no process definition with the key "${processKey}". Nothing was started or kept.` +
      (known.length === 0 ? '' : ` This service has: ${listed}${more}.`),
  );
}

/** Our own definition of a process, which the engine refused and has no earlier version of. */
export function refusedProcessDefinition(processKey: string): ProblemError {
  return new ProblemError(
    'unknown-process-definition',
    `The process engine refused the definition of "${processKey}" that this service has, and knows no earlier one. ` +
      'GET /health says what is wrong in which file. Nothing was started or kept.',
  );
}

export function engineRefusedVariables(cause: unknown): ProblemError {
  return new ProblemError(
    'invalid-variables',
    'The process engine does not accept these variables. Nothing was started or kept.',
    { cause },
  );
}

export function storeUnavailable(): ProblemError {
  return new ProblemError(
    'store-unavailable',
    'The store does not answer in time. Nothing was changed; repeat the request later.',
    { headers: { 'retry-after': RETRY_AFTER_SECONDS } },
  );
}

function aboutProcess(record: ProcessRecord, statusUrl: string): Record<string, unknown> {
  return { correlationId: record.correlationId, processStatus: record.status, statusUrl };
}
