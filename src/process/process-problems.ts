import { ProblemError } from '../common/errors/index.js';
import type { ProcessRecord } from '../process-store/index.js';

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

export function serviceStopping(): ProblemError {
  return new ProblemError(
    'service-stopping',
    'The service is stopping and accepted nothing. Repeat the request.',
    {
      headers: { 'retry-after': RETRY_AFTER_SECONDS },
    },
  );
}

export function unknownProcessDefinition(processKey: string): ProblemError {
  return new ProblemError(
    'unknown-process-definition',
    `The process engine has no process definition with the key "${processKey}". Nothing was started or kept.`,
  );
}

export function engineRefusedVariables(cause: unknown): ProblemError {
  return new ProblemError(
    'invalid-variables',
    'The process engine does not accept these variables. Nothing was started or kept.',
    { cause },
  );
}

export function engineUnavailable(cause: unknown): ProblemError {
  return new ProblemError(
    'engine-unavailable',
    'The process engine cannot start the process now. Nothing was started or kept; repeat the request later.',
    { cause, headers: { 'retry-after': RETRY_AFTER_SECONDS } },
  );
}

function aboutProcess(record: ProcessRecord, statusUrl: string): Record<string, unknown> {
  return { correlationId: record.correlationId, processStatus: record.status, statusUrl };
}
