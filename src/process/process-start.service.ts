import { hostname } from 'node:os';
import { Inject, Injectable } from '@nestjs/common';
import { v4 as uuidv4 } from 'uuid';
import { fieldErrors, ProblemError } from '../common/errors/index.js';
import { canonicalHash } from '../common/json/index.js';
import { PROCESS_DEFINITIONS, type ProcessDefinition } from '../common/process-definition/index.js';
import { PROCESS_CONFIG, type ProcessConfig, WAIT_CONFIG, type WaitConfig } from '../config/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import { type ProcessRecord, ProcessStoreService } from '../process-store/index.js';
import { type Wait, WaitroomService } from '../waitroom/index.js';
import { correlationIdConflict, serviceStopping, unknownProcessDefinition } from './process-problems.js';
import { type ProcessAnswer, ProcessViewPresenter } from './process-view.presenter.js';
import { type LaunchEnd, StartLauncherService } from './start-launcher.service.js';
import { assertStartVariables } from './start-variables.js';

/** A start whose id is settled. */
export interface IdentifiedStart {
  readonly processKey: string;
  readonly correlationId: string;
  readonly variables: Record<string, unknown>;
}

/** Calls back when the client of a request is gone. */
export type OnClientGone = (gone: () => void) => void;

/** Starts processes exactly once for each correlation id, and waits for their outcome. */
@Injectable()
export class ProcessStartService {
  /** Who holds the leases of this process's claims. */
  private readonly owner = `${hostname()}:${process.pid}:${uuidv4()}`;
  private readonly definitions: ReadonlyMap<string, ProcessDefinition>;

  constructor(
    private readonly store: ProcessStoreService,
    private readonly waitroom: WaitroomService,
    private readonly launcher: StartLauncherService,
    private readonly presenter: ProcessViewPresenter,
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
   * @throws ProblemError for everything that was not accepted
   */
  async start(request: IdentifiedStart, onClientGone: OnClientGone): Promise<ProcessAnswer> {
    if (this.shutdown.refusing) throw serviceStopping();
    const { processKey, correlationId, variables } = request;
    this.assertVariables(processKey, variables);
    const requestHash = canonicalHash({ processKey, variables });
    for (;;) {
      const claim = await this.store.claim({
        correlationId,
        processKey,
        variables: JSON.stringify(variables),
        requestHash,
        claimId: uuidv4(),
        batchId: uuidv4(),
        traceabilityId: uuidv4(),
        applicationId: uuidv4(),
        owner: this.owner,
        leaseMs: this.config.startLeaseMs,
      });
      if (claim.kind === 'claimed') return this.launch(claim.record, variables, onClientGone);
      const attached = await this.attach(claim.record, requestHash, onClientGone);
      if (attached !== 'claim-is-gone') return attached;
    }
  }

  private assertVariables(processKey: string, variables: Record<string, unknown>): void {
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
    record: ProcessRecord,
    variables: Record<string, unknown>,
    onClientGone: OnClientGone,
  ): Promise<ProcessAnswer> {
    // Registered before the engine is asked: a fast process finishes before the start call returns.
    const wait = this.createWait(record.correlationId);
    const launched = this.launcher.launch(record, variables);
    onClientGone(wait.cancel);
    return this.outcome(record, wait, launched, false);
  }

  private async attach(
    record: ProcessRecord,
    requestHash: string,
    onClientGone: OnClientGone,
  ): Promise<ProcessAnswer | 'claim-is-gone'> {
    const { correlationId } = record;
    if (record.requestHash !== requestHash) {
      throw correlationIdConflict(record, this.presenter.statusUrl(correlationId));
    }
    if (record.status !== 'pending') return this.presenter.answer(record, { replayed: true });
    const wait = this.createWait(correlationId);
    // From here on a refusal may not remove the claim: somebody else relies on it.
    if (record.processInstanceId === null && !record.joined) await this.store.markJoined(correlationId);
    // The second look: an end that came between the first one and our waiter would wake nobody.
    const current = await this.store.get(correlationId);
    if (current?.status === 'pending') {
      onClientGone(wait.cancel);
      return this.outcome(current, wait, this.launcher.running(correlationId), true);
    }
    wait.cancel();
    if (current === null) return 'claim-is-gone';
    return this.presenter.answer(current, { replayed: true });
  }

  private createWait(correlationId: string): Wait<ProcessRecord> {
    this.store.retain(correlationId);
    const wait = this.waitroom.createWait<ProcessRecord>(correlationId, this.waitConfig.syncTimeoutMs);
    const unpin = (): void => {
      this.store.release(correlationId);
    };
    wait.ended.then(unpin, unpin);
    return wait;
  }

  private async outcome(
    record: ProcessRecord,
    wait: Wait<ProcessRecord>,
    launched: Promise<LaunchEnd> | undefined,
    replayed: boolean,
  ): Promise<ProcessAnswer> {
    const end = await wait.ended;
    if (end.kind === 'completed') return this.presenter.answer(end.payload, { replayed });
    const { correlationId } = record;
    if (launched !== undefined) await this.acknowledge(record, launched);
    const current = await this.store.get(correlationId);
    // The claim can vanish only by a refusal, which `acknowledge` has thrown unless it came from another instance.
    if (current === null) throw unknownProcessDefinition(record.processKey ?? '');
    return this.presenter.answer(current, { replayed, location: true });
  }

  /**
   * Waits until the engine has answered the start, or `START_ACK_TIMEOUT_MS` after the claim: a mistyped key is
   * a 404, not a 202. Whoever is told 202 before that may rely on the claim, so it is marked first.
   */
  private async acknowledge(record: ProcessRecord, launched: Promise<LaunchEnd>): Promise<void> {
    const left = Math.max(record.startedAt.getTime() + this.config.startAckTimeoutMs - Date.now(), 0);
    const end = await withinTime(launched, left);
    if (end?.kind === 'refused') throw end.problem;
    if (end?.kind === 'started') return;
    if (await this.store.markJoined(record.correlationId)) return;
    const late = await withinTime(launched, this.config.startAckTimeoutMs);
    if (late?.kind === 'refused') throw late.problem;
  }
}

async function withinTime<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}
