/**
 * Types of the members that we use of camunda-external-task-client-js 3.1, which ships none. Taken from its sources;
 * undocumented members are marked.
 */
declare module 'camunda-external-task-client-js' {
  import type { EventEmitter } from 'node:events';

  interface ClientOptions {
    readonly baseUrl: string;
    readonly workerId: string;
    readonly maxTasks: number;
    readonly maxParallelExecutions: number;
    /** Milliseconds between an answer and the next poll. */
    readonly interval: number;
    /** Milliseconds. */
    readonly lockDuration: number;
    readonly autoPoll: boolean;
    readonly usePriority: boolean;
    readonly asyncResponseTimeout?: number;
    readonly sorting?: readonly { readonly sortBy: 'createTime'; readonly sortOrder: 'asc' | 'desc' }[];
  }

  interface SubscribeOptions {
    readonly lockDuration?: number;
    readonly variables?: readonly string[];
  }

  /** The fetched task as the engine sent it, except that `variables` are wrapped. */
  type ClientTask = Readonly<Record<string, unknown>>;

  /** The client ignores variables that are not an instance of this class. */
  export class Variables {
    constructor();
    setAllTyped(variables: Readonly<Record<string, unknown>>): this;
  }

  export interface TaskService {
    complete(taskId: string, variables?: Variables, localVariables?: Variables): Promise<void>;
    handleFailure(
      taskId: string,
      options: {
        readonly errorMessage: string;
        readonly errorDetails: string;
        readonly retries: number;
        readonly retryTimeout: number;
        /** Sent unchanged, unlike those of a completion. */
        readonly localVariables?: Readonly<Record<string, unknown>>;
      },
    ): Promise<void>;
    handleBpmnError(taskId: string, code: string, message: string, variables?: Variables): Promise<void>;
    extendLock(taskId: string, durationMs: number): Promise<void>;
    unlock(taskId: string): Promise<void>;
  }

  export class Client extends EventEmitter {
    constructor(options: ClientOptions);
    /** Undocumented: all calls go through `request`. */
    readonly engineService: {
      request: (method: string, path: string, options?: { readonly json?: unknown }) => Promise<unknown>;
    };
    subscribe(
      topic: string,
      options: SubscribeOptions,
      handler: (delivery: { readonly task: ClientTask; readonly taskService: TaskService }) => Promise<void>,
    ): void;
    start(): void;
    stop(): void;
  }
}
