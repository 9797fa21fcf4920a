import type { ProcessAccess } from '../../auth/index.js';
import type { EngineCallError } from '../../camunda-engine/index.js';
import type { ProcessHead, ProcessRecord } from '../../process-store/index.js';
import type { WaitingFor } from '../waiting/waiting-for.js';
import type { Starter, StartObstacle, StartResult } from './process-start.service.js';
import type { Requester } from './requester.js';
import type { VariableFault } from './start-variables.js';

/** A value that a variable of the receiver equals. */
export type CorrelationKey = string | number | boolean;

/** Who a message is for. */
export interface MessageAddress {
  readonly messageName: string;
  /** The process that waits, or that the message starts; null: any process of this service. */
  readonly correlationId: string | null;
  /** Variables of the instance that waits; it has to have all of them. */
  readonly correlationKeys: Readonly<Record<string, CorrelationKey>>;
  /** The processes to which the caller may send messages; absent: all. */
  readonly access?: ProcessAccess;
  /** The caller, if the message starts a process; absent: the service itself. */
  readonly starter?: Starter;
}

/** A message of a client to a process. */
export interface MessageCommand extends MessageAddress {
  /** Identifies the message, so that a repetition is not correlated again; null: every request is a message of its own. */
  readonly messageId: string | null;
  /** Emptied once they are sent and in the trail, so that a waiting request holds nothing large. */
  variables: Readonly<Record<string, unknown>>;
  /** Called when the variables are emptied. */
  readonly onEmptied?: () => void;
  readonly requester: Requester;
}

/** Where a message goes. */
export type MessageTarget =
  /** An instance of a process of this service waits for it. */
  | { readonly kind: 'instance'; readonly record: ProcessHead; readonly processInstanceId: string }
  /** It starts a process, or it has started the one with this correlation id. */
  | {
      readonly kind: 'start';
      readonly processKey: string;
      readonly tenantId: string | null;
      readonly correlationId: string | null;
    };

/** Why a message was not correlated. Nothing was kept. */
export type MessageObstacle =
  /** No process of this service waits for it, and it starts none. */
  | {
      readonly kind: 'no-receiver';
      /** `not-started`: the process waits for its start in the engine. `not-waiting`: the process does something else. */
      readonly reason: 'unknown' | 'not-started' | 'not-waiting';
      readonly record: ProcessHead | null;
    }
  /** Several executions wait for it, or it starts several definitions. */
  | { readonly kind: 'ambiguous'; readonly record: ProcessHead | null }
  /** The process has ended; it is `pending` only if its outcome is not read yet. */
  | { readonly kind: 'ended'; readonly record: ProcessRecord }
  /** The engine rolled it back, and the process still waits. */
  | { readonly kind: 'refused'; readonly record: ProcessHead; readonly reason: string }
  | { readonly kind: 'unacceptable-variables'; readonly faults: readonly VariableFault[] }
  /** The engine does not accept the variables. */
  | { readonly kind: 'bad-variables'; readonly cause: unknown }
  /** The `messageId` belongs to a message with another content, or to a process that the caller may not see (null). */
  | { readonly kind: 'message-id-conflict'; readonly correlationId: string | null }
  /** Another request sends the same message now. */
  | { readonly kind: 'in-progress' }
  | { readonly kind: 'unavailable'; readonly reason: StartObstacle }
  /** The engine cannot be used. */
  | {
      readonly kind: 'engine-unavailable';
      /** Whether the engine may have executed the message. */
      readonly inDoubt: boolean;
      /** Null: the doubt is left from an earlier request. */
      readonly cause: EngineCallError | null;
    };

/** What became of a message. */
export type MessageResult =
  /** A process has it. */
  | {
      readonly kind: 'correlated';
      readonly record: ProcessRecord;
      /** True if an earlier request has sent the same message. */
      readonly replayed: boolean;
      readonly waitingFor?: readonly WaitingFor[];
      readonly isEarly?: boolean;
    }
  /** It has started a process, or the same message did before. */
  | { readonly kind: 'start'; readonly processKey: string; readonly result: StartResult }
  | MessageObstacle;
