import { Inject, Injectable } from '@nestjs/common';
import { v4 as uuidv4 } from 'uuid';
import type { ZodError } from 'zod';
import type { ProcessAccess } from '../../auth/index.js';
import { canonicalHash } from '../../common/json/index.js';
import { PROCESS_DEFINITIONS, type ProcessDefinition } from '../../common/process-definition/index.js';
import { withinTime } from '../../common/promises/index.js';
import { PROCESS_CONFIG, type ProcessConfig, WAIT_CONFIG, type WaitConfig } from '../../config/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import { type ClaimResult, type ProcessRecord, ProcessStoreService } from '../../process-store/index.js';
import type { Wait } from '../../waitroom/index.js';
import { AwaitedEndWatcherService } from '../reconcile/awaited-end-watcher.service.js';
import { LeaseOwner } from '../launch/lease-owner.js';
import type { LaunchResult } from '../launch/start-attempt.service.js';
import { StartBacklogService } from '../launch/start-backlog.service.js';
import { StartLauncherService } from '../launch/start-launcher.service.js';
import { StartRefusedError, type StartRefusal, unknownDefinition } from '../launch/start-refusal.js';
import { OutcomeWaitService } from '../outcome/outcome-wait.service.js';
import { EarlyAnswerService } from '../waiting/early-answer.service.js';
import type { WaitingFor } from '../waiting/waiting-for.js';
import { WaitingForService } from '../waiting/waiting-for.service.js';
import type { OnCallerGone } from './caller-gone.js';
import { findVariableFaults, type VariableFault } from './start-variables.js';

/** Who starts a process. */
export interface Starter {
  /** Owner of the process; null without authentication. */
  readonly owner: string | null;
  /** The processes that the caller may start. */
  readonly access: ProcessAccess;
}

/** A request to start a process. */
export interface StartCommand {
  readonly processKey: string;
  /** Tenant of the definition; absent for the definition without tenant. */
  readonly tenantId?: string | undefined;
  /** Version tag of the definition; absent for the latest version. */
  readonly versionTag?: string | undefined;
  readonly correlationId: string;
  /** The name of the message that starts the process; null or absent: a start by key. */
  readonly startMessage?: string | null;
  /** Absent: the service itself, which owns nothing and may do everything. */
  readonly starter?: Starter;
  /** Emptied once they are stored and sent, so that a waiting request holds nothing large. */
  variables: Readonly<Record<string, unknown>>;
  /** Called when the variables are emptied. */
  readonly onEmptied?: () => void;
}

/** What is known about a process that is still pending. */
interface PendingFacts {
  /** What it waits for; absent if this is not known. */
  readonly waitingFor?: readonly WaitingFor[];
  /** True if the wait ended before its time because of what the process waits for. */
  readonly isEarly?: boolean;
}

/** The result of a start; `record` is the row that stands. */
export type StartResult =
  /** This call has started the process. */
  | ({ readonly kind: 'started'; readonly record: ProcessRecord } & PendingFacts)
  /** An earlier call has started the same process: same id, definition and variables. */
  | ({ readonly kind: 'replayed'; readonly record: ProcessRecord } & PendingFacts)
  /**
   * The id belongs to a process with another definition or other variables, or to one of another owner; nothing of that
   * one may be shown (`isForeign`).
   */
  | { readonly kind: 'conflict'; readonly record: ProcessRecord; readonly isForeign: boolean }
  /** The engine refused the start for good. Nothing was kept. */
  | { readonly kind: 'refused'; readonly refusal: StartRefusal }
  /** Some variables cannot reach the engine unchanged. Nothing was kept. */
  | { readonly kind: 'unacceptable-variables'; readonly faults: readonly VariableFault[] }
  /** The variables do not match the start schema of the process. Nothing was kept. */
  | { readonly kind: 'schema-mismatch'; readonly error: ZodError }
  /** The service accepts no starts now. Nothing was kept. */
  | { readonly kind: 'unavailable'; readonly reason: StartObstacle };

/** Why the service accepts no starts: it stops, its store takes no writes, or too many starts wait for the engine. */
export type StartObstacle = 'stopping' | 'store-unavailable' | 'backlog-full';

/** What the launch of a claim needs besides its row. */
interface Claimed {
  /** Characters of the variables as JSON. */
  readonly length: number;
  /** Time of `performance.now()` before the claim, with which its lease begins. */
  readonly leasedAt: number;
}

/** A wait, and its end by `performance.now()`. */
type LimitedWait = Wait<ProcessRecord> & { readonly until: number };

const NO_VARIABLES: Readonly<Record<string, unknown>> = {};

/** Starts processes exactly once for each correlation id, and waits for their outcome. */
@Injectable()
export class ProcessStartService {
  private readonly definitions: ReadonlyMap<string, ProcessDefinition>;

  constructor(
    private readonly store: ProcessStoreService,
    private readonly waits: OutcomeWaitService,
    private readonly launcher: StartLauncherService,
    private readonly early: EarlyAnswerService,
    private readonly waitingFor: WaitingForService,
    private readonly endWatcher: AwaitedEndWatcherService,
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
   * Claims the id, starts the process and waits for its outcome. Attaches to the process if the same start was made
   * before.
   *
   * @param onCallerGone a caller that is gone loses its waiter; the process continues
   * @param waitMs longest wait for the outcome, in milliseconds
   * @throws an error that is answered 503, if the store is away
   */
  async start(
    request: StartCommand,
    onCallerGone: OnCallerGone,
    waitMs = this.waitConfig.syncTimeoutMs,
  ): Promise<StartResult> {
    if (this.shutdown.refusing) return { kind: 'unavailable', reason: 'stopping' };
    const { correlationId } = request;
    const invalid = this.checkVariables(request);
    if (invalid !== null) return invalid;
    const requestHash = hashOf(request);
    for (;;) {
      const claim = await this.claim(request, requestHash);
      const createWait = (): LimitedWait => ({
        ...this.waits.waitFor(correlationId, waitMs),
        until: performance.now() + waitMs,
      });
      if (claim.kind === 'unavailable') return claim;
      if (claim.kind === 'claimed') return this.launch(claim, request, createWait, onCallerGone);
      const attached = await this.attach(claim.record, requestHash, createWait, onCallerGone, request);
      if (attached !== 'claim-is-gone') return attached;
    }
  }

  private async claim(
    { processKey, correlationId, startMessage, variables, tenantId, versionTag, starter }: StartCommand,
    requestHash: string,
  ): Promise<(ClaimResult & Claimed) | Extract<StartResult, { kind: 'unavailable' }>> {
    const obstacle = this.obstacle();
    if (obstacle !== null) {
      // A known id is answered all the same.
      const record = await this.store.get(correlationId);
      if (record === null) return { kind: 'unavailable', reason: obstacle };
      return { kind: 'exists', record, length: 0, leasedAt: 0 };
    }
    const text = JSON.stringify(variables);
    const { length } = text;
    const leasedAt = performance.now();
    const { kind, record } = await this.store.claim(
      {
        correlationId,
        processKey,
        ...(startMessage == null ? {} : { startMessage }),
        variables: text,
        requestHash,
        claimId: uuidv4(),
        batchId: uuidv4(),
        traceabilityId: uuidv4(),
        applicationId: uuidv4(),
        tenantId: tenantId ?? null,
        versionTag: versionTag ?? null,
        owner: starter?.owner ?? null,
        startOwner: this.owner.id,
        leaseMs: this.config.startLeaseMs,
      },
      { onTimeout: 'cancel' },
      (late) => {
        // The claim has committed after the client's timeout. During a stop the reconciler of the next run takes it.
        if (late.kind === 'claimed' && !this.shutdown.refusing)
          void this.launcher.launch(late.record, { values: variables, length }, leasedAt);
      },
    );
    return { kind, record, length, leasedAt };
  }

  /** Why no new start is accepted now; null if it is. */
  private obstacle(): StartObstacle | null {
    // A claim would only wait.
    if (!this.store.isWritable) return 'store-unavailable';
    return this.backlog.isFull ? 'backlog-full' : null;
  }

  private checkVariables({ processKey, variables }: StartCommand): StartResult | null {
    const faults = findVariableFaults(variables);
    if (faults.length > 0) return { kind: 'unacceptable-variables', faults };
    const checked = this.definitions.get(processKey)?.startSchema?.safeParse(variables);
    return checked?.success === false ? { kind: 'schema-mismatch', error: checked.error } : null;
  }

  private async launch(
    { record, length, leasedAt }: { readonly record: ProcessRecord } & Claimed,
    request: StartCommand,
    createWait: () => LimitedWait,
    onCallerGone: OnCallerGone,
  ): Promise<StartResult> {
    // Registered before the call to the engine: a fast process finishes before the call returns.
    const wait = createWait();
    const launched = this.launcher.launch(record, { values: request.variables, length }, leasedAt);
    void launched.then((result) => {
      if (result.kind === 'started' && result.ended)
        this.endWatcher.settleNow(record, result.processInstanceId);
    });
    empty(request);
    onCallerGone(wait.cancel);
    return this.outcome('started', record, wait, launched);
  }

  private async attach(
    record: ProcessRecord,
    requestHash: string,
    createWait: () => LimitedWait,
    onCallerGone: OnCallerGone,
    request: StartCommand,
  ): Promise<StartResult | 'claim-is-gone'> {
    const { correlationId } = record;
    const isForeign = isOfOther(record, request.starter);
    if (isForeign || record.requestHash !== requestHash) return { kind: 'conflict', record, isForeign };
    if (record.status !== 'pending') return { kind: 'replayed', record };
    const wait = createWait();
    const current = await this.joined(record).catch((error: unknown) => {
      // No caller will await this waiter.
      wait.cancel();
      throw error;
    });
    // The claim may have been removed, and another caller may have claimed the id.
    if (current !== null && current.claimId !== record.claimId) {
      wait.cancel();
      return 'claim-is-gone';
    }
    if (current?.status === 'pending') {
      onCallerGone(wait.cancel);
      empty(request);
      return this.outcome('replayed', current, wait, this.launcher.running(correlationId));
    }
    wait.cancel();
    if (current === null) return 'claim-is-gone';
    return { kind: 'replayed', record: current };
  }

  /** The row of a process that a second caller relies on from now on; null if its claim is gone. */
  private async joined({
    correlationId,
    processInstanceId,
    joined,
  }: ProcessRecord): Promise<ProcessRecord | null> {
    // A refusal must not remove the claim any more, because another caller relies on it.
    if (processInstanceId === null && !joined) {
      await this.store.markJoined(correlationId, { onTimeout: 'detach' });
    }
    // Read again: an outcome before the registration of the waiter has not woken it.
    return this.store.get(correlationId);
  }

  private async outcome(
    kind: 'started' | 'replayed',
    record: ProcessRecord,
    wait: LimitedWait,
    launched: Promise<LaunchResult> | undefined,
  ): Promise<StartResult> {
    const early = this.early.watch(record, wait.until, wait.cancel);
    try {
      const end = await wait.ended;
      if (end.kind === 'completed' && end.payload.claimId === record.claimId)
        return { kind, record: end.payload };
    } catch (error) {
      if (error instanceof StartRefusedError) return { kind: 'refused', refusal: error.refusal };
      throw error;
    } finally {
      early.stop();
    }
    const refusal = launched === undefined ? null : await this.acknowledge(record, launched);
    if (refusal !== null) return { kind: 'refused', refusal };
    const current = await this.store.get(record.correlationId);
    // Another instance may have removed the refused claim, and another caller may have claimed the id.
    if (current?.claimId === record.claimId) {
      const waitingFor = early.found ?? this.waitingFor.peek(current);
      return {
        kind,
        record: current,
        ...(waitingFor === null ? {} : { waitingFor, isEarly: early.found !== null }),
      };
    }
    // Only a refusal removes the claim; `acknowledge` has seen it unless it came from another instance.
    return {
      kind: 'refused',
      refusal: unknownDefinition(record, [...this.definitions.keys()]),
    };
  }

  /**
   * Waits until the engine has answered the start, or `START_ACK_TIMEOUT_MS` after the claim, so that a mistyped key is a
   * 404 and not a 202. A caller that gets 202 relies on the claim, so the claim is marked before.
   *
   * @returns why the start was refused; null if it was not
   */
  private async acknowledge(
    record: ProcessRecord,
    launched: Promise<LaunchResult>,
  ): Promise<StartRefusal | null> {
    const { startAckTimeoutMs } = this.config;
    // The clock may have been set back since the claim; never wait longer than the whole timeout.
    const sinceMs = Math.max(this.store.now().getTime() - record.startedAt.getTime(), 0);
    const left = Math.max(startAckTimeoutMs - sinceMs, 0);
    const end = await withinTime(launched, left);
    if (end?.kind === 'refused') return end.refusal;
    if (end?.kind === 'started') return null;
    if (await this.store.markJoined(record.correlationId, { onTimeout: 'detach' })) return null;
    const late = await withinTime(launched, this.config.startAckTimeoutMs);
    return late?.kind === 'refused' ? late.refusal : null;
  }
}

/** Whether a process belongs to another caller. One without an owner does if the caller acts only on its own. */
function isOfOther(record: ProcessRecord, starter: Starter | undefined): boolean {
  if (starter === undefined || starter.owner === null) return false;
  if (record.owner !== null && record.owner !== starter.owner) return true;
  return !starter.access.allows(record);
}

/**
 * The content of a start. Tenant and version tag count only if they are given, so that older hashes stay valid. A message
 * may start another definition later, so its hash has no process key.
 */
function hashOf({ processKey, tenantId, versionTag, startMessage, variables }: StartCommand): string {
  if (startMessage != null) return canonicalHash({ startMessage, variables });
  return canonicalHash({
    processKey,
    variables,
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(versionTag === undefined ? {} : { versionTag }),
  });
}

function empty(request: StartCommand): void {
  request.variables = NO_VARIABLES;
  request.onEmptied?.();
}
