import { Injectable, Logger } from '@nestjs/common';
import {
  CamundaEngineClient,
  EngineAmbiguousError,
  EngineDeploymentService,
  EngineResponseError,
  toTypedVariables,
} from '../camunda-engine/index.js';
import type { ProblemError } from '../common/errors/index.js';
import { EventLogService } from '../event-log/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import { type ProcessRecord, ProcessStoreService } from '../process-store/index.js';
import { WaitroomService } from '../waitroom/index.js';
import { engineRefusedVariables, engineUnavailable, unknownProcessDefinition } from './process-problems.js';

/** What the engine said of a start. */
export type LaunchEnd =
  | { readonly kind: 'started'; readonly processInstanceId: string }
  /** Nothing was started; the claim is gone, or is `START_REJECTED` where somebody else already relies on it. */
  | { readonly kind: 'refused'; readonly problem: ProblemError }
  /** The engine may have started it; the claim is kept. */
  | { readonly kind: 'unknown' };

/** Asks the engine to start what was claimed, and settles what its answer means for the claim. */
@Injectable()
export class StartLauncherService {
  private readonly logger = new Logger(StartLauncherService.name);
  /** Starts in flight; a stop waits for them. */
  private readonly inFlight = new Map<string, Promise<LaunchEnd>>();

  constructor(
    private readonly store: ProcessStoreService,
    private readonly waitroom: WaitroomService,
    private readonly engine: CamundaEngineClient,
    private readonly deployment: EngineDeploymentService,
    private readonly events: EventLogService,
    shutdown: ShutdownService,
  ) {
    shutdown.register('drain', 'starts in flight', async () => {
      await Promise.allSettled(this.inFlight.values());
    });
  }

  /**
   * Starts a claimed process; never rejects. The caller has registered its waiter before, because a fast process
   * ends before the engine's answer arrives.
   *
   * @param variables the client's, without those that the service adds
   */
  launch(record: ProcessRecord, variables: Readonly<Record<string, unknown>>): Promise<LaunchEnd> {
    const end = this.start(record, variables).finally(() => {
      this.inFlight.delete(record.correlationId);
    });
    this.inFlight.set(record.correlationId, end);
    return end;
  }

  /** The launch of this id that still runs in this instance. */
  running(correlationId: string): Promise<LaunchEnd> | undefined {
    return this.inFlight.get(correlationId);
  }

  private async start(
    record: ProcessRecord,
    variables: Readonly<Record<string, unknown>>,
  ): Promise<LaunchEnd> {
    const askedAt = new Date();
    try {
      const processInstanceId = await this.ask(record, variables);
      if (processInstanceId === null) return { kind: 'unknown' };
      this.noteStarted(record, processInstanceId, askedAt);
      return { kind: 'started', processInstanceId };
    } catch (error) {
      if (error instanceof EngineAmbiguousError) {
        this.logger.warn({
          msg: 'The engine did not answer a start in time; the claim is kept.',
          correlationId: record.correlationId,
          err: error,
        });
        return { kind: 'unknown' };
      }
      const problem = this.refusal(record, error);
      await this.refuse(record, problem);
      return { kind: 'refused', problem };
    }
  }

  /** The instance id; null where the service stops before our definitions are deployed, and nothing was sent. */
  private async ask(
    record: ProcessRecord,
    variables: Readonly<Record<string, unknown>>,
  ): Promise<string | null> {
    const processKey = record.processKey ?? '';
    // For a key that we deploy, the engine's "no such definition" counts only once our deployment has succeeded.
    if (!this.deployment.isSettled(processKey)) {
      await this.deployment.whenDeployed();
      if (!this.deployment.isSettled(processKey)) return null;
    }
    const { id } = await this.engine.startProcessInstance({
      processKey,
      businessKey: record.correlationId,
      variables: toTypedVariables({
        ...variables,
        correlationId: record.correlationId,
        batch_id: record.batchId,
        traceability_id: record.traceabilityId,
        application_id: record.applicationId,
        identifiers: { applicationId: record.applicationId },
      }),
    });
    return id;
  }

  /** Neither write is awaited: they ride in the id's next group, and the start is already in the engine. */
  private noteStarted(record: ProcessRecord, processInstanceId: string, askedAt: Date): void {
    const { correlationId } = record;
    const written = Promise.all([
      this.store.noteStarted(correlationId, processInstanceId),
      this.events.logEvent(
        {
          correlationId,
          stepName: 'start',
          step: 0,
          status: 'ok',
          httpStatusCode: 200,
          batchId: record.batchId,
          traceabilityId: record.traceabilityId,
          applicationId: record.applicationId,
          targetSystem: 'CamundaEngine',
          originatingSystem: 'FastifyAPI',
          processName: record.processKey,
          identifiers: { applicationId: record.applicationId },
          result: 'Process started',
          // A worker may have logged the first step already; by time the start still comes first.
          createdAt: askedAt,
          metadata: { processInstanceId },
        },
        { lazy: true },
      ),
    ]);
    written.catch((error: unknown) => {
      this.logger.error({
        msg: 'A start could not be noted in the store.',
        correlationId,
        processInstanceId,
        err: error,
      });
    });
  }

  private refusal(record: ProcessRecord, error: unknown): ProblemError {
    if (error instanceof EngineResponseError && isUnknownDefinition(error)) {
      return unknownProcessDefinition(record.processKey ?? '');
    }
    if (error instanceof EngineResponseError && error.status === 400) return engineRefusedVariables(error);
    this.logger.error({
      msg: 'The engine did not take a start; nothing was started.',
      correlationId: record.correlationId,
      err: error,
    });
    return engineUnavailable(error);
  }

  /** Takes the claim back and tells every waiter; a claim that somebody was told of becomes `START_REJECTED`. */
  private async refuse(record: ProcessRecord, problem: ProblemError): Promise<void> {
    const { correlationId } = record;
    try {
      if (await this.store.releaseClaim(correlationId, record.claimId)) {
        this.waitroom.failWait(correlationId, problem);
        return;
      }
      const rejected = await this.store.finish(correlationId, ({ status }) =>
        status === 'pending'
          ? { change: { outcome: { status: 'error', error: problem.detail, errorCode: 'START_REJECTED' } } }
          : { refuse: 'has an outcome' },
      );
      if (rejected.kind === 'saved') this.waitroom.completeWait(correlationId, rejected.record);
    } catch (error) {
      this.logger.error({
        msg: 'A refused start could not be taken back; it stays pending.',
        correlationId,
        err: error,
      });
    }
  }
}

/** Any other 404 is a wrong base path or a proxy, and says nothing of the process key. */
function isUnknownDefinition(error: EngineResponseError): boolean {
  return error.status === 404 && error.engineMessage.startsWith('No matching process definition');
}
