import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  backOffMs,
  EngineConnection,
  EngineInstancesClient,
  EngineDeploymentService,
  EngineResponseError,
  OwnBpmnModels,
  readEngineFault,
  toTypedVariables,
} from '../../camunda-engine/index.js';
import { withinTime } from '../../common/promises/index.js';
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
import { SurplusInstanceRemover } from '../outcome/surplus-instance.remover.js';
import { type MessageStart, MessageStartFinder } from './message-start.finder.js';
import { SeenProcessKeysService } from './seen-process-keys.service.js';
import { StartBacklogService } from './start-backlog.service.js';
import {
  badVariables,
  refusedDefinition,
  StartRefusedError,
  type StartRefusal,
  unknownDefinition,
  unknownMessageStart,
} from './start-refusal.js';
import { type DefinitionChoice, StartDefinitionService } from './start-definition.service.js';
import { type StartVerdict, startVerdict } from './start-verdict.js';

/** The result of one attempt to start a process. */
export type LaunchResult =
  /** `ended`: the instance ran to its end inside the start call. */
  | { readonly kind: 'started'; readonly processInstanceId: string; readonly ended: boolean }
  /** The engine started nothing, and the claim is removed. */
  | { readonly kind: 'refused'; readonly refusal: StartRefusal }
  /** The row stays: the reconciler continues with it, or its outcome is `START_REJECTED`. */
  | { readonly kind: 'kept' };

/** First and longest delay before the next attempt, in ms. */
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 30_000;

/** When the reconciler first searches the engine for the instance of an ambiguous start, in ms. */
const AMBIGUOUS_RETRY_MS = 1_000;

/** The definition of a start was not found before it was sent. */
class DefinitionSearchError extends Error {
  override readonly name = 'DefinitionSearchError';

  /** @param cause the error of the engine; null: the engine has no such definition */
  constructor(override readonly cause: unknown) {
    super('The definition of a start was not found.');
  }
}

/** Makes one attempt to start a process whose lease the caller holds, and applies the engine's answer to the claim. */
@Injectable()
export class StartAttemptService {
  private readonly logger = new Logger('ProcessStart');

  constructor(
    private readonly store: ProcessStoreService,
    private readonly outcomes: OutcomeWriter,
    private readonly engine: EngineConnection,
    private readonly engineInstances: EngineInstancesClient,
    private readonly definitions: StartDefinitionService,
    private readonly deployment: EngineDeploymentService,
    private readonly models: OwnBpmnModels,
    private readonly trail: ProcessTrailService,
    private readonly surplus: SurplusInstanceRemover,
    private readonly backlog: StartBacklogService,
    private readonly keys: SeenProcessKeysService,
    @Inject(PROCESS_CONFIG) private readonly config: ProcessConfig,
    @Inject(CAMUNDA_CONFIG) private readonly camunda: CamundaConfig,
    private readonly messageStarts: MessageStartFinder,
  ) {}

  /**
   * Asks the engine to start a process; never rejects.
   *
   * @param record its row under the lease; the row already counts this attempt
   * @param variables the client's
   * @param leasedAt a time of `performance.now()` at which the lease had not begun yet. A start that would be sent after its
   *   end is left to the next holder: this one was paused, and a second instance would run until it is seen
   */
  async attempt(
    record: ProcessRecord,
    variables: Readonly<Record<string, unknown>>,
    leasedAt: number,
  ): Promise<LaunchResult> {
    const sentAt = this.store.now();
    try {
      if (!(await this.isReady(record.processKey ?? ''))) return await this.keep(record, 'not-taken');
      const { startMessage } = record;
      const at = startMessage === null ? null : await this.messageStartOf(record, startMessage);
      if (startMessage !== null && at === null)
        return await this.refuse(record, unknownMessageStart(record.processKey ?? '', startMessage));
      const definitionId =
        at !== null
          ? at.definitionId
          : record.versionTag === null
            ? null
            : await this.taggedIdOf(record, record.versionTag);
      const { id, ended } = await this.engineInstances.startProcessInstance({
        processKey: record.processKey ?? '',
        tenantId: record.tenantId,
        definitionId,
        businessKey: record.correlationId,
        variables: toTypedVariables({ ...variables, ...ownVariables(record) }),
        notAfter: leasedAt + this.config.startLeaseMs,
        ...(at === null ? {} : { startEventId: at.startEventId }),
      });
      if (record.processKey !== null) this.keys.add(record.processKey);
      if (this.backlog.markActive(labelOf(record))) {
        this.logger.log({ msg: 'A process definition is active again.', processKey: record.processKey });
      }
      this.recordStart(record, id, sentAt);
      return { kind: 'started', processInstanceId: id, ended };
    } catch (error) {
      return error instanceof DefinitionSearchError
        ? this.handleSearch(record, error)
        : this.handleError(record, error, startVerdict(error));
    }
  }

  /** @throws DefinitionSearchError, and an EngineResponseError if the engine has no such definition */
  private async messageStartOf(record: ProcessRecord, startMessage: string): Promise<MessageStart | null> {
    try {
      return await this.messageStarts.find(record, startMessage);
    } catch (error) {
      if (error instanceof EngineResponseError && error.status === 404) throw error;
      throw new DefinitionSearchError(error);
    }
  }

  /** @throws DefinitionSearchError */
  private async taggedIdOf(record: ProcessRecord, versionTag: string): Promise<string> {
    let id: string | null;
    try {
      id = await this.definitions.findTagged(record, versionTag);
    } catch (error) {
      throw new DefinitionSearchError(error);
    }
    if (id === null) throw new DefinitionSearchError(null);
    return id;
  }

  /** Nothing was sent that could start an instance. */
  private handleSearch(record: ProcessRecord, { cause }: DefinitionSearchError): Promise<LaunchResult> {
    if (cause === null) return this.refuseUnknown(record);
    return this.handleError(
      record,
      cause,
      cause instanceof EngineResponseError ? 'rolled-back' : 'not-taken',
    );
  }

  /** Sends nothing; the reconciler makes the start later. Never rejects. */
  defer(record: ProcessRecord): Promise<LaunchResult> {
    return this.keep(record, 'not-taken');
  }

  /** For a key that this service deploys, the engine's "no such definition" counts only after the deployment. */
  private async isReady(processKey: string): Promise<boolean> {
    // A start must not probe the engine: an engine that comes back may need our definitions first.
    if (this.engine.isAway) return false;
    if (this.deployment.isSettled(processKey)) return true;
    await withinTime(this.deployment.whenDeployed(), this.config.startAckTimeoutMs);
    return this.deployment.isSettled(processKey);
  }

  private async handleError(
    record: ProcessRecord,
    error: unknown,
    verdict: StartVerdict,
  ): Promise<LaunchResult> {
    const { correlationId, processKey } = record;
    if (verdict === 'bad-variables') return this.refuse(record, badVariables(error));
    if (verdict === 'unknown-definition') return this.refuseUnknown(record);
    if (verdict === 'suspended') {
      if (this.backlog.markSuspended(labelOf(record))) {
        this.logger.warn({
          msg: 'A process definition is suspended in the engine; its starts wait until it is active.',
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
    // The sweep of running instances then finds an instance that this start may have created, even if it appears late.
    if (verdict === 'ambiguous' && processKey !== null) this.keys.add(processKey);
    this.logger.warn({
      msg:
        verdict === 'ambiguous'
          ? 'The engine may have taken a start; the claim is kept, and the reconciler searches for the instance.'
          : 'The engine did not take a start; the claim is kept and the start retried.',
      correlationId,
      attempt: record.startAttempts,
      err: error,
    });
    return this.keep(record, verdict);
  }

  private async refuseUnknown(record: ProcessRecord): Promise<LaunchResult> {
    const { processKey, tenantId, versionTag } = record;
    const existing = await this.definitions.findExisting(record);
    // This service deploys without tenant. If the engine has the key, a deployment would not add the version tag.
    const isDeployment =
      tenantId === null && (versionTag === null || existing?.tenants.includes(null) !== true);
    const deployed = isDeployment ? this.deploymentOf(processKey) : null;
    if (deployed === 'refused') return this.refuse(record, refusedDefinition(processKey ?? ''));
    if (record.startAttempts > 1 || deployed !== 'deployed') {
      return this.refuse(record, unknownDefinition(record, this.models.keys, existing));
    }
    // This service has deployed it, so the engine may be another one now. The next answer counts.
    this.deployment.deployAgain();
    return this.keep(record, 'rolled-back');
  }

  /** The state of the deployment of one of our definitions; null for a key that this service does not deploy. */
  private deploymentOf(processKey: string | null): 'pending' | 'deployed' | 'refused' | null {
    if (!this.camunda.deploy) return null;
    return this.deployment.state.definitions[processKey ?? '']?.status ?? null;
  }

  private async keep(
    record: ProcessRecord,
    verdict: 'not-taken' | 'rolled-back' | 'ambiguous',
  ): Promise<LaunchResult> {
    const { correlationId } = record;
    const attempt: StartSchedule['attempt'] = verdict === 'not-taken' ? 'none' : verdict;
    // Attempts that were not taken do not count, so the back-off follows the age of the start. The age is negative if
    // the clock was set back since.
    const ageMs = Math.max(this.store.now().getTime() - record.startedAt.getTime(), 0);
    const retries = Math.ceil(Math.log2(ageMs / RETRY_MIN_MS + 2));
    const nextInMs =
      verdict === 'ambiguous' ? AMBIGUOUS_RETRY_MS : backOffMs(retries, RETRY_MIN_MS, RETRY_MAX_MS);
    try {
      const kept = await this.store.rescheduleStart({ lease: record, nextInMs, attempt });
      // Another instance has taken the start over, and may have searched before the instance of this attempt appeared.
      if (kept === null && verdict === 'ambiguous')
        await this.store.reopenStart(correlationId, AMBIGUOUS_RETRY_MS);
      this.backlog.increment();
    } catch (error) {
      // When the lease expires, the reconciler treats the attempt as ambiguous.
      this.logger.warn({ msg: 'Could not reschedule a start.', correlationId, err: error });
    }
    return { kind: 'kept' };
  }

  /** Does not await its writes: they join the next group of the id, and the engine has started the process already. */
  private recordStart(record: ProcessRecord, processInstanceId: string, sentAt: Date): void {
    const { correlationId } = record;
    const written = Promise.all([
      // Queued first, so that it precedes a first step's row and shares its statement.
      this.trail.log(
        record,
        {
          stepName: 'start',
          status: 'ok',
          httpStatusCode: 200,
          result: 'Process started',
          // A worker may have logged the first step already; by time the start still comes first.
          createdAt: sentAt,
          metadata: {
            processInstanceId,
            ...choiceOf(record),
            ...ownerIn(record),
            ...(record.startMessage === null ? {} : { messageName: record.startMessage }),
          },
        },
        // Bounded: there is one for each claim, and the queue had room for the claim.
        { whenFull: 'wait' },
      ),
      this.store.noteStarted(record, processInstanceId).then(async (row) => {
        // Without its claim no caller knows the process.
        if (row === null) await this.surplus.remove(record, processInstanceId);
        else await this.surplus.removeIfSurplus(row, processInstanceId);
      }),
    ]);
    written.catch((error: unknown) => {
      this.logger.error({
        msg: 'Could not store the instance of a start; the reconciler adopts it later.',
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
      `The process engine failed to start the process ${record.startAttempts} times and rolled back each attempt. ` +
        `${this.describeFault(key, error)}Nothing was started; start it again with another correlation id.`,
    );
  }

  /** A sentence that says where and why the engine failed; empty if the engine gave no message. */
  private describeFault(processKey: string, error: unknown): string {
    if (!(error instanceof EngineResponseError) || error.engineMessage === '') return '';
    const model = this.models.of(processKey);
    const starts = (model?.elements ?? []).filter(({ tag }) => tag === 'startEvent').map(({ id }) => id);
    const { place, reason } = readEngineFault(error.engineMessage, model, starts);
    return `It cannot go on in "${processKey}"${place === null ? '' : ` ${place}`}: ${reason.replace(/\.?$/, '. ')}`;
  }

  /** Removes the claim and fails its waiters. If another caller relies on the claim, its outcome is `START_REJECTED`. */
  private async refuse(record: ProcessRecord, refusal: StartRefusal): Promise<LaunchResult> {
    const { correlationId } = record;
    try {
      if (await this.outcomes.releaseClaim(record, new StartRefusedError(refusal)))
        return { kind: 'refused', refusal };
    } catch (error) {
      this.logger.error({ msg: 'Could not remove the claim of a refused start.', correlationId, err: error });
      return { kind: 'refused', refusal };
    }
    return this.reject(record, refusal.message);
  }

  /** Writes the outcome `START_REJECTED` of a claim that other callers rely on. */
  private async reject(record: ProcessRecord, error: string): Promise<LaunchResult> {
    const { correlationId } = record;
    try {
      await this.outcomes.write(
        correlationId,
        ({ status, claimId, startOwner, startFence }) =>
          // If another holder of the lease has removed the claim, the row may belong to the next start.
          status === 'pending' &&
          claimId === record.claimId &&
          startOwner === record.startOwner &&
          startFence === record.startFence
            ? {
                change: {
                  outcome: serviceOutcome('start-rejected', error),
                  startResolved: true,
                  underLease: record,
                },
              }
            : { refuse: 'has an outcome, is another claim, or another instance starts it' },
        () => ({ stepName: 'start', status: 'error', errorMessage: error, result: 'Start rejected' }),
      );
    } catch (err) {
      this.logger.error({ msg: 'Could not reject a start; it stays pending.', correlationId, err });
    }
    return { kind: 'kept' };
  }
}

/** The variables that the service adds to those of the client. */
function ownVariables(record: ProcessRecord): Record<string, unknown> {
  return {
    correlationId: record.correlationId,
    batch_id: record.batchId,
    traceability_id: record.traceabilityId,
    application_id: record.applicationId,
    identifiers: { applicationId: record.applicationId },
  };
}

/** What chose the definition besides its key, for the trail. */
function choiceOf({ tenantId, versionTag }: DefinitionChoice): Record<string, string> {
  return { ...(tenantId === null ? {} : { tenantId }), ...(versionTag === null ? {} : { versionTag }) };
}

/** The owner of a start, for the trail. */
function ownerIn({ owner }: ProcessRecord): Record<string, string> {
  return owner === null ? {} : { owner };
}

/** A definition as logs and the health report name it. */
function labelOf({ processKey, tenantId, versionTag }: DefinitionChoice): string {
  const ofTenant = tenantId === null ? '' : ` of tenant ${tenantId}`;
  return `${processKey ?? ''}${ofTenant}${versionTag === null ? '' : ` with version tag ${versionTag}`}`;
}
