import { Inject, Injectable } from '@nestjs/common';
import { v4 as uuidv4 } from 'uuid';
import { fieldErrors, ProblemError } from '../../common/errors/index.js';
import { canonicalHash } from '../../common/json/index.js';
import { PROCESS_DEFINITIONS, type ProcessDefinition } from '../../common/process-definition/index.js';
import { PROCESS_CONFIG, type ProcessConfig, WAIT_CONFIG, type WaitConfig } from '../../config/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import { type ClaimResult, type ProcessRecord, ProcessStoreService } from '../../process-store/index.js';
import type { Wait } from '../../waitroom/index.js';
import type { OnCallerGone } from './caller-gone.js';
import { LeaseOwner } from '../launch/lease-owner.js';
import {
  correlationIdConflict,
  serviceStopping,
  startBacklogFull,
  storeUnavailable,
  unknownProcessDefinition,
} from '../http/process-problems.js';
import { type ProcessAnswer, ProcessViewPresenter } from '../http/process-view.presenter.js';
import { OutcomeWaitService } from '../outcome/outcome-wait.service.js';
import type { LaunchResult } from '../launch/start-attempt.service.js';
import { StartBacklogService } from '../launch/start-backlog.service.js';
import { StartLauncherService } from '../launch/start-launcher.service.js';
import { assertStartVariables } from './start-variables.js';
import { withinTime } from '../../common/promises/index.js';

/** A start whose id is settled. */
export interface IdentifiedStart {
  readonly processKey: string;
  readonly correlationId: string;
  /** Empty once they are stored and sent: the request that still waits holds nothing large. */
  variables: Readonly<Record<string, unknown>>;
  /** Told that they are. */
  readonly onEmptied?: () => void;
}

const NO_VARIABLES: Readonly<Record<string, unknown>> = {};

/** Starts processes exactly once for each correlation id, and waits for their outcome. */
@Injectable()
export class ProcessStartService {
  private readonly definitions: ReadonlyMap<string, ProcessDefinition>;

  constructor(
    private readonly store: ProcessStoreService,
    private readonly waits: OutcomeWaitService,
    private readonly launcher: StartLauncherService,
    private readonly presenter: ProcessViewPresenter,
    private readonly backlog: StartBacklogService,
    private readonly owner: LeaseOwner,
    private readonly shutdown: ShutdownService,
    @Inject(WAIT_CONFIG) private readonly waitConfig: WaitConfig,
    @Inject(PROCESS_CONFIG) private readonly config: ProcessConfig,
    @Inject(PROCESS_DEFINITIONS) definitions: readonly ProcessDefinition[],
  ) {
    this.definitions = new Map(definitions.map((definition) => [definition.key, definition]));
  }

  /**
   * Claims the id, starts the process and waits for its outcome; attaches where the same start was made before.
   *
   * @param onClientGone when the client goes away its waiter is dropped, and the process runs on
   * @param waitMs how long to wait for the outcome
   * @throws ProblemError for everything that was not accepted
   */
  async start(
    request: IdentifiedStart,
    onClientGone: OnCallerGone,
    waitMs = this.waitConfig.syncTimeoutMs,
  ): Promise<ProcessAnswer> {
    if (this.shutdown.refusing) throw serviceStopping();
    const { correlationId } = request;
    this.assertVariables(request);
    const requestHash = canonicalHash({ processKey: request.processKey, variables: request.variables });
    for (;;) {
      const claim = await this.claim(request, requestHash);
      const createWait = (): Wait<ProcessRecord> => this.waits.waitFor(correlationId, waitMs);
      if (claim.kind === 'claimed') return this.launch(claim, request, createWait, onClientGone);
      const attached = await this.attach(claim.record, requestHash, createWait, onClientGone, request);
      if (attached !== 'claim-is-gone') return attached;
    }
  }

  private async claim(
    { processKey, correlationId, variables }: IdentifiedStart,
    requestHash: string,
  ): Promise<ClaimResult & { readonly length: number }> {
    const fault = this.claimFault();
    if (fault !== null) {
      // What is known already is answered all the same.
      const record = await this.store.get(correlationId);
      if (record === null) throw fault;
      return { kind: 'exists', record, length: 0 };
    }
    const text = JSON.stringify(variables);
    const { length } = text;
    const { kind, record } = await this.store.claim(
      {
        correlationId,
        processKey,
        variables: text,
        requestHash,
        claimId: uuidv4(),
        batchId: uuidv4(),
        traceabilityId: uuidv4(),
        applicationId: uuidv4(),
        owner: this.owner.id,
        leaseMs: this.config.startLeaseMs,
      },
      { onTimeout: 'cancel' },
      (late) => {
        // The client was told that it is not known; now it is. A stopping service leaves it to the next one's reconciler.
        if (late.kind === 'claimed' && !this.shutdown.refusing)
          void this.launcher.launch(late.record, { values: variables, length });
      },
    );
    return { kind, record, length };
  }

  /** Why no new start is taken now; null where one is. */
  private claimFault(): ProblemError | null {
    // A claim would only wait.
    if (!this.store.isWritable) return storeUnavailable();
    return this.backlog.isFull ? startBacklogFull() : null;
  }

  private assertVariables({ processKey, variables }: IdentifiedStart): void {
    assertStartVariables(variables);
    const checked = this.definitions.get(processKey)?.startSchema?.safeParse(variables);
    if (checked?.success === false) {
      throw new ProblemError(
        'invalid-variables',
        `The variables do not fit the process "${processKey}"; see errors. Nothing was kept.`,
        { errors: fieldErrors(checked.error, '/variables'), cause: checked.error },
      );
    }
  }

  private async launch(
    { record, length }: { readonly record: ProcessRecord; readonly length: number },
    request: IdentifiedStart,
    createWait: () => Wait<ProcessRecord>,
    onClientGone: OnCallerGone,
  ): Promise<ProcessAnswer> {
    // Registered before the engine is asked: a fast process finishes before the start call returns.
    const wait = createWait();
    const launched = this.launcher.launch(record, { values: request.variables, length });
    empty(request);
    onClientGone(wait.cancel);
    return this.outcome(record, wait, launched, false);
  }

  private async attach(
    record: ProcessRecord,
    requestHash: string,
    createWait: () => Wait<ProcessRecord>,
    onClientGone: OnCallerGone,
    request: IdentifiedStart,
  ): Promise<ProcessAnswer | 'claim-is-gone'> {
    const { correlationId } = record;
    if (record.requestHash !== requestHash) {
      throw correlationIdConflict(record, this.presenter.statusUrl(correlationId));
    }
    if (record.status !== 'pending') return this.presenter.answer(record, { replayed: true });
    const wait = createWait();
    const current = await this.joined(record).catch((error: unknown) => {
      // Nobody comes for this waiter any more.
      wait.cancel();
      throw error;
    });
    if (current?.status === 'pending') {
      onClientGone(wait.cancel);
      empty(request);
      return this.outcome(current, wait, this.launcher.running(correlationId), true);
    }
    wait.cancel();
    if (current === null) return 'claim-is-gone';
    return this.presenter.answer(current, { replayed: true });
  }

  /** The state of a process that a second caller relies on from here on; null where its claim is gone. */
  private async joined({
    correlationId,
    processInstanceId,
    joined,
  }: ProcessRecord): Promise<ProcessRecord | null> {
    // A refusal may not remove the claim any more: somebody else relies on it.
    if (processInstanceId === null && !joined) {
      await this.store.markJoined(correlationId, { onTimeout: 'detach' });
    }
    // The second look: an end that came between the first one and our waiter would wake nobody.
    return this.store.get(correlationId);
  }

  private async outcome(
    record: ProcessRecord,
    wait: Wait<ProcessRecord>,
    launched: Promise<LaunchResult> | undefined,
    replayed: boolean,
  ): Promise<ProcessAnswer> {
    const end = await wait.ended;
    if (end.kind === 'completed') return this.presenter.answer(end.payload, { replayed });
    const { correlationId } = record;
    if (launched !== undefined) await this.acknowledge(record, launched);
    const current = await this.store.get(correlationId);
    // The claim can vanish only by a refusal, which `acknowledge` has thrown unless it came from another instance.
    if (current === null)
      throw unknownProcessDefinition(record.processKey ?? '', [...this.definitions.keys()]);
    return this.presenter.answer(current, { replayed, location: true });
  }

  /**
   * Waits until the engine has answered the start, or `START_ACK_TIMEOUT_MS` after the claim: a mistyped key is
   * a 404, not a 202. Whoever is told 202 before that may rely on the claim, so it is marked first.
   */
  private async acknowledge(record: ProcessRecord, launched: Promise<LaunchResult>): Promise<void> {
    const { startAckTimeoutMs } = this.config;
    // The clock may have been set back since: never longer than the whole time.
    const sinceMs = Math.max(Date.now() - record.startedAt.getTime(), 0);
    const left = Math.max(startAckTimeoutMs - sinceMs, 0);
    const end = await withinTime(launched, left);
    if (end?.kind === 'refused') throw end.problem;
    if (end?.kind === 'started') return;
    if (await this.store.markJoined(record.correlationId, { onTimeout: 'detach' })) return;
    const late = await withinTime(launched, this.config.startAckTimeoutMs);
    if (late?.kind === 'refused') throw late.problem;
  }
}

function empty(request: IdentifiedStart): void {
  request.variables = NO_VARIABLES;
  request.onEmptied?.();
}
