import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  backOffMs,
  EngineConnection,
  EngineInstancesClient,
  EngineDeploymentService,
  EngineResponseError,
  ProcessDrawings,
  readEngineFault,
  toTypedVariables,
} from '../../camunda-engine/index.js';
import {
  CAMUNDA_CONFIG,
  type CamundaConfig,
  PROCESS_CONFIG,
  type ProcessConfig,
} from '../../config/index.js';
import { type ProcessRecord, ProcessStoreService, type StartSchedule } from '../../process-store/index.js';
import { serviceOutcome } from '../outcome/outcome.factory.js';
import { OutcomeWriter } from '../outcome/outcome.writer.js';
import { ProcessTrailService } from '../outcome/process-trail.service.js';
import { StartBacklogService } from './start-backlog.service.js';
import { SeenProcessKeysService } from './seen-process-keys.service.js';
import {
  badVariables,
  refusedDefinition,
  StartRefusedError,
  type StartRefusal,
  unknownDefinition,
} from './start-refusal.js';
import { startVerdict } from './start-verdict.js';
import { SurplusInstanceRemover } from '../outcome/surplus-instance.remover.js';
import { withinTime } from '../../common/promises/index.js';

/** What became of an attempt to start a process. */
export type LaunchResult =
  | { readonly kind: 'started'; readonly processInstanceId: string }
  /** Nothing was started, and the claim is gone. */
  | { readonly kind: 'refused'; readonly refusal: StartRefusal }
  /** The row stays, and tells what becomes of it: the reconciler goes on with it, or it is `START_REJECTED`. */
  | { readonly kind: 'kept' };

/** First and longest wait before a start that was not taken is tried again. */
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 30_000;

/** When an ambiguous start is looked for in the engine for the first time, in ms. */
const LOOK_MS = 1_000;

/** Makes one attempt at a start, whose lease the caller holds, and settles what its answer means for the claim. */
@Injectable()
export class StartAttemptService {
  private readonly logger = new Logger('ProcessStart');

  constructor(
    private readonly store: ProcessStoreService,
    private readonly outcomes: OutcomeWriter,
    private readonly engine: EngineConnection,
    private readonly engineInstances: EngineInstancesClient,
    private readonly deployment: EngineDeploymentService,
    private readonly drawings: ProcessDrawings,
    private readonly trail: ProcessTrailService,
    private readonly surplus: SurplusInstanceRemover,
    private readonly backlog: StartBacklogService,
    private readonly keys: SeenProcessKeysService,
    @Inject(PROCESS_CONFIG) private readonly config: ProcessConfig,
    @Inject(CAMUNDA_CONFIG) private readonly camunda: CamundaConfig,
  ) {}

  /**
   * Asks the engine to start a process; never rejects.
   *
   * @param record its row as the lease left it: the attempt is already counted
   * @param variables the client's
   */
  async attempt(record: ProcessRecord, variables: Readonly<Record<string, unknown>>): Promise<LaunchResult> {
    const askedAt = new Date();
    try {
      if (!(await this.isReady(record.processKey ?? ''))) return await this.keep(record, 'not-taken');
      const { id } = await this.engineInstances.startProcessInstance({
        processKey: record.processKey ?? '',
        businessKey: record.correlationId,
        variables: toTypedVariables({ ...variables, ...ownVariables(record) }),
      });
      if (record.processKey !== null) this.keys.add(record.processKey);
      if (this.backlog.noteActive(record.processKey ?? '')) {
        this.logger.log({ msg: 'A process definition is active again.', processKey: record.processKey });
      }
      this.noteStarted(record, id, askedAt);
      return { kind: 'started', processInstanceId: id };
    } catch (error) {
      return this.judge(record, error);
    }
  }

  /** Sends nothing, and leaves a start whose lease the caller holds to the reconciler; never rejects. */
  leave(record: ProcessRecord): Promise<LaunchResult> {
    return this.keep(record, 'not-taken');
  }

  /** For a key that we deploy, the engine's "no such definition" counts only once our deployment has succeeded. */
  private async isReady(processKey: string): Promise<boolean> {
    // A start is no probe: an engine that comes back may have to be given our definitions first.
    if (this.engine.isAway) return false;
    if (this.deployment.isSettled(processKey)) return true;
    await withinTime(this.deployment.whenDeployed(), this.config.startAckTimeoutMs);
    return this.deployment.isSettled(processKey);
  }

  private async judge(record: ProcessRecord, error: unknown): Promise<LaunchResult> {
    const verdict = startVerdict(error);
    const { correlationId, processKey } = record;
    if (verdict === 'bad-variables') return this.refuse(record, badVariables(error));
    if (verdict === 'unknown-definition') {
      const deployed = this.deploymentOf(processKey);
      if (deployed === 'refused') return this.refuse(record, refusedDefinition(processKey ?? ''));
      if (record.startAttempts > 1 || deployed !== 'deployed') {
        return this.refuse(record, unknownDefinition(processKey ?? '', this.drawings.keys));
      }
      // We did deploy it, so this engine may be another one than that which took it. The next answer counts.
      this.deployment.deployAgain();
      return this.keep(record, 'rolled-back');
    }
    if (verdict === 'suspended') {
      if (this.backlog.noteSuspended(processKey ?? '')) {
        this.logger.warn({
          msg: 'A process definition is suspended in the engine; its starts are kept and made when it is active.',
          processKey,
          correlationId,
          err: error,
        });
      }
      return this.keep(record, 'not-taken');
    }
    if (verdict === 'rolled-back' && record.startAttempts >= this.config.startMaxAttempts) {
      return this.giveUp(record, error);
    }
    // What it may have made is seen by the sweep of running instances, also where it turns up late.
    if (verdict === 'ambiguous' && processKey !== null) this.keys.add(processKey);
    this.logger.warn({
      msg:
        verdict === 'ambiguous'
          ? 'It is not known whether the engine took a start; the claim is kept, and it is looked for.'
          : 'The engine did not take a start; the claim is kept and tried again.',
      correlationId,
      attempt: record.startAttempts,
      err: error,
    });
    return this.keep(record, verdict);
  }

  /** How the deployment of one of our definitions stands; null for a key that we do not deploy. */
  private deploymentOf(processKey: string | null): 'pending' | 'deployed' | 'refused' | null {
    if (!this.camunda.deploy) return null;
    return this.deployment.state.definitions[processKey ?? '']?.status ?? null;
  }

  private async keep(
    record: ProcessRecord,
    verdict: 'not-taken' | 'rolled-back' | 'ambiguous',
  ): Promise<LaunchResult> {
    const { correlationId, startOwner } = record;
    const attempt: StartSchedule['attempt'] = verdict === 'not-taken' ? 'none' : verdict;
    // Attempts that were not taken do not count, so the age of the start says how long it has been tried.
    // Negative where the clock was set back since.
    const ageMs = Math.max(Date.now() - record.startedAt.getTime(), 0);
    const tries = Math.ceil(Math.log2(ageMs / RETRY_MIN_MS + 2));
    const nextInMs = verdict === 'ambiguous' ? LOOK_MS : backOffMs(tries, RETRY_MIN_MS, RETRY_MAX_MS);
    try {
      await this.store.rescheduleStart({ correlationId, owner: startOwner ?? '', nextInMs, attempt });
      this.backlog.add();
    } catch (error) {
      // The lease ends by itself, and the reconciler then takes the attempt for an ambiguous one.
      this.logger.warn({ msg: 'A start could not be rescheduled.', correlationId, err: error });
    }
    return { kind: 'kept' };
  }

  /** Neither write is awaited: they ride in the id's next group, and the start is already in the engine. */
  private noteStarted(record: ProcessRecord, processInstanceId: string, askedAt: Date): void {
    const { correlationId } = record;
    const written = Promise.all([
      // Queued first, so that it shares the statement of a first step's row that is already there, and its order.
      this.trail.log(
        record,
        {
          stepName: 'start',
          status: 'ok',
          httpStatusCode: 200,
          result: 'Process started',
          // A worker may have logged the first step already; by time the start still comes first.
          createdAt: askedAt,
          metadata: { processInstanceId },
        },
        // There are no more of them than claims that the queue had room for.
        { whenFull: 'wait' },
      ),
      this.store.noteStarted(correlationId, processInstanceId).then(async (row) => {
        if (row !== null) await this.surplus.removeUnlessWanted(row, processInstanceId);
      }),
    ]);
    written.catch((error: unknown) => {
      this.logger.error({
        msg: 'A start could not be noted in the store; it is adopted later.',
        correlationId,
        processInstanceId,
        err: error,
      });
    });
  }

  private giveUp(record: ProcessRecord, error: unknown): Promise<LaunchResult> {
    const key = record.processKey ?? '';
    return this.reject(
      record,
      `The process engine failed to start the process ${record.startAttempts} times and took each attempt back. ` +
        `${this.describeFault(key, error)}Nothing was started; start it again with another correlation id.`,
    );
  }

  /** Where and why the engine cannot go on behind the beginning; nothing where it did not say. */
  private describeFault(processKey: string, error: unknown): string {
    if (!(error instanceof EngineResponseError) || error.engineMessage === '') return '';
    const drawing = this.drawings.of(processKey);
    const starts = (drawing?.elements ?? []).filter(({ tag }) => tag === 'startEvent').map(({ id }) => id);
    const { place, reason } = readEngineFault(error.engineMessage, drawing, starts);
    return `It cannot go on in "${processKey}"${place === null ? '' : ` ${place}`}: ${reason.replace(/\.?$/, '. ')}`;
  }

  /** Takes the claim back and tells every waiter; a claim that somebody was told of becomes `START_REJECTED`. */
  private async refuse(record: ProcessRecord, refusal: StartRefusal): Promise<LaunchResult> {
    const { correlationId } = record;
    try {
      if (await this.outcomes.releaseClaim(record, new StartRefusedError(refusal)))
        return { kind: 'refused', refusal };
    } catch (error) {
      this.logger.error({ msg: 'A refused start could not be taken back.', correlationId, err: error });
      return { kind: 'refused', refusal };
    }
    return this.reject(record, refusal.message);
  }

  /** Ends a claim that others know of as `START_REJECTED`; from then on its row is the answer. */
  private async reject(record: ProcessRecord, error: string): Promise<LaunchResult> {
    const { correlationId } = record;
    try {
      await this.outcomes.write(
        correlationId,
        ({ status, claimId }) =>
          // If another holder of the lease has removed the claim, the row may belong to the next start.
          status === 'pending' && claimId === record.claimId
            ? { change: { outcome: serviceOutcome('start-rejected', error), startResolved: true } }
            : { refuse: 'has an outcome, or is another claim' },
        () => ({ stepName: 'start', status: 'error', errorMessage: error, result: 'Start rejected' }),
      );
    } catch (err) {
      this.logger.error({ msg: 'A start could not be rejected; it stays pending.', correlationId, err });
    }
    return { kind: 'kept' };
  }
}

/** What the service adds to the client's variables. */
function ownVariables(record: ProcessRecord): Record<string, unknown> {
  return {
    correlationId: record.correlationId,
    batch_id: record.batchId,
    traceability_id: record.traceabilityId,
    application_id: record.applicationId,
    identifiers: { applicationId: record.applicationId },
  };
}
