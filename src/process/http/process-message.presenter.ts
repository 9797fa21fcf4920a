import { Injectable } from '@nestjs/common';
import { ProblemError } from '../../common/errors/index.js';
import { parseJson } from '../../common/json/index.js';
import type { ProcessHead, ProcessRecord } from '../../process-store/index.js';
import type { MessageObstacle, MessageResult } from '../commands/process-message.js';
import { unacceptableVariables, variablesRefused } from './process-problems.js';
import { type ProcessAnswer, ProcessViewPresenter } from './process-view.presenter.js';

/** A longer result is not in the problem of a process that has ended, in characters. */
const MAX_DATA_LENGTH = 65_536;

/** Seconds after which a client may repeat a message. */
const RETRY_AFTER_SECONDS = '2';
/** While the fate of a message is in doubt, a repetition finds it out only after some time. */
const DOUBT_RETRY_AFTER_SECONDS = '10';

const NO_RECEIVER = {
  unknown: 'No process of this service waits for this message now, and it starts none.',
  'not-started':
    'The process is accepted but not started in the process engine yet, so it does not wait for the message.',
  'not-waiting': 'The process does not wait for this message now.',
} as const;

/** Makes the answers of the route for messages. */
@Injectable()
export class ProcessMessagePresenter {
  constructor(private readonly processes: ProcessViewPresenter) {}

  /**
   * The answer to a message: that of a start, with what the message did in `Process-Message`.
   *
   * @throws ProblemError if it was not correlated
   */
  message(result: MessageResult): ProcessAnswer {
    switch (result.kind) {
      case 'correlated': {
        const { record, replayed, waitingFor = null, isEarly = false } = result;
        return withEffect(
          this.processes.answer(record, { replayed, location: true, waitingFor, isEarly }),
          'correlated',
        );
      }
      case 'start': {
        const { result: started, processKey } = result;
        return withEffect(this.processes.start(started, processKey), 'started');
      }
      case 'unavailable':
        return this.processes.start(result, '');
      default:
        throw this.problem(result);
    }
  }

  private problem(obstacle: Exclude<MessageObstacle, { kind: 'unavailable' }>): ProblemError {
    switch (obstacle.kind) {
      case 'no-receiver':
        return new ProblemError(
          'no-receiver',
          `${NO_RECEIVER[obstacle.reason]} Nothing was kept; repeat the message once it is awaited.`,
          { members: this.about(obstacle.record) },
        );
      case 'ambiguous':
        return new ProblemError(
          'ambiguous-receiver',
          'More than one receiver waits for this message. Nothing was kept; name one with correlationId or correlationKeys.',
          { members: this.about(obstacle.record) },
        );
      case 'ended':
        return new ProblemError(
          'process-ended',
          'The process has ended and takes no message; outcome says how. It is unchanged.',
          { members: { ...this.about(obstacle.record), ...outcomeOf(obstacle.record) } },
        );
      case 'refused':
        return new ProblemError(
          'message-refused',
          `The process engine refused the message, and the process still waits for it: ${obstacle.reason}`,
          { members: this.about(obstacle.record) },
        );
      case 'unacceptable-variables':
        return unacceptableVariables(obstacle.faults);
      case 'bad-variables':
        return variablesRefused(obstacle.cause);
      case 'message-id-conflict':
        return new ProblemError(
          'message-id-conflict',
          'This messageId belongs to a message with another content. Nothing was changed; send yours with another id.',
          { members: this.aboutMessage(obstacle.correlationId) },
        );
      case 'in-progress':
        return new ProblemError(
          'message-in-progress',
          'Another request sends this message now, or its receiver changes all the time. Repeat the message later.',
          { headers: { 'retry-after': RETRY_AFTER_SECONDS } },
        );
      case 'engine-unavailable':
        return engineUnavailable(obstacle);
    }
  }

  private aboutMessage(correlationId: string | null): Record<string, unknown> {
    return correlationId === null ? {} : { correlationId, statusUrl: this.statusUrl({ correlationId }) };
  }

  private about(record: ProcessHead | null): Record<string, unknown> {
    if (record === null) return {};
    const { correlationId, status } = record;
    return { correlationId, processStatus: status, statusUrl: this.statusUrl(record) };
  }

  private statusUrl({ correlationId }: { readonly correlationId: string }): string {
    return this.processes.statusUrl(correlationId);
  }
}

function withEffect(answer: ProcessAnswer, effect: 'correlated' | 'started'): ProcessAnswer {
  return { ...answer, headers: { ...answer.headers, 'process-message': effect } };
}

/** The outcome of a process as a member of a problem; none while it is not known. */
function outcomeOf({ status, data, error, errorCode }: ProcessRecord): Record<string, unknown> {
  if (status === 'pending') return {};
  const shown = data !== null && data.length <= MAX_DATA_LENGTH ? { data: parseJson(data) } : {};
  return { outcome: { status, ...shown, error, errorCode } };
}

function engineUnavailable({
  inDoubt,
  cause,
}: Extract<MessageObstacle, { kind: 'engine-unavailable' }>): ProblemError {
  return new ProblemError(
    'engine-unavailable',
    inDoubt
      ? 'The process engine did not answer; it may have the message. With a messageId, repeat the message: it is ' +
          'correlated once. Without one, read the status of the process first.'
      : 'The process engine does not answer. Nothing was changed; repeat the message later.',
    {
      headers: { 'retry-after': inDoubt ? DOUBT_RETRY_AFTER_SECONDS : RETRY_AFTER_SECONDS },
      ...(inDoubt ? { members: { accepted: 'unknown' } } : {}),
      ...(cause === null ? {} : { cause }),
    },
  );
}
