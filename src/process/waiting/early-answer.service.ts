import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  EngineConnection,
  EngineBpmnModelsService,
  EngineWaitsClient,
  OwnBpmnModels,
} from '../../camunda-engine/index.js';
import type { BpmnModel } from '../../common/bpmn-model/index.js';
import { WAIT_CONFIG, type WaitConfig } from '../../config/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import { type ProcessHead, ProcessStoreService } from '../../process-store/index.js';
import { AdaptiveRounds } from './adaptive-rounds.js';
import { OutsideWaitsFinder } from './outside-waits.finder.js';
import type { WaitingFor } from './waiting-for.js';
import { WaitingForService } from './waiting-for.service.js';

/** Shortest and longest time between two rounds, in ms. */
const ROUNDS = { minMs: 100, maxMs: 2_000 };

/** Instances in the queries of one round, and those that are looked at one by one. */
const QUERY_SIZE = 500;
const MAX_LOOKS = 4;

/** The time until an instance is looked at again, as a share of the age of its watch; in ms. */
const SHARE_OF_AGE = 1 / 4;
const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5_000;

/** A wait that has less time left is not worth an early answer, in ms. */
const MIN_LEFT_MS = 250;

/** A request that waits for a process, and may be answered before its wait ends. */
export interface EarlyWatch {
  /** What the process waits for, once the request is to be answered early; null before. */
  readonly found: readonly WaitingFor[] | null;
  /** Ends the watch. */
  readonly stop: () => void;
}

interface Watch {
  readonly record: ProcessHead;
  /** End of the wait, by `performance.now()`. */
  readonly until: number;
  readonly since: number;
  readonly answer: () => void;
  found: readonly WaitingFor[] | null;
  /** When the instance may be looked at again, by `performance.now()`. */
  nextAt: number;
  /** When it was last in a query, and when it was last looked at. */
  queriedAt: number;
  lookedAt: number;
  /** Elements of its definition at which it can wait; null until they are known. */
  waitStateIds: readonly string[] | null;
}

/** A watch whose instance is known. */
interface Due {
  readonly watch: Watch;
  readonly id: string;
}

/**
 * Answers a start before its wait ends if all that its process waits for is people, messages, or timers that fall due
 * after the wait.
 *
 * One or two queries for all instances find those at an element that can wait; up to four of them are then looked at. A
 * process whose model has no such element costs nothing after that is known; for a definition of this service it is known
 * at boot.
 */
@Injectable()
export class EarlyAnswerService {
  private readonly logger = new Logger('EarlyAnswer');
  private readonly watches = new Set<Watch>();
  private readonly rounds = new AdaptiveRounds(
    ROUNDS,
    () => this.look(),
    () => this.watches.size === 0,
  );
  private isFailing = false;

  constructor(
    private readonly store: ProcessStoreService,
    private readonly engine: EngineConnection,
    private readonly waits: EngineWaitsClient,
    private readonly finder: OutsideWaitsFinder,
    private readonly waitingFor: WaitingForService,
    private readonly engineModels: EngineBpmnModelsService,
    private readonly models: OwnBpmnModels,
    @Inject(WAIT_CONFIG) private readonly config: WaitConfig,
    shutdown: ShutdownService,
  ) {
    shutdown.register('drain', 'look for early answers', () => this.rounds.stop());
  }

  /**
   * Watches the process of a waiting request.
   *
   * @param until end of the wait, by `performance.now()`
   * @param answer called at most once: ends the wait
   */
  watch(record: ProcessHead, until: number, answer: () => void): EarlyWatch {
    const now = performance.now();
    const watch: Watch = {
      record,
      until,
      since: now,
      answer,
      found: null,
      nextAt: now,
      queriedAt: -Infinity,
      lookedAt: -Infinity,
      waitStateIds: this.ownModel(record)?.waitStateIds ?? null,
    };
    const isWorthIt = watch.waitStateIds === null || watch.waitStateIds.length > 0;
    if (this.config.earlyAnswer && isWorthIt && until - now > MIN_LEFT_MS) {
      this.watches.add(watch);
      this.rounds.added();
    }
    return {
      get found() {
        return watch.found;
      },
      stop: () => {
        this.watches.delete(watch);
      },
    };
  }

  /** Our own model; null for a start that may choose another definition of the key. */
  private ownModel({ processKey, tenantId, versionTag }: ProcessHead): BpmnModel | null {
    return tenantId === null && versionTag === null ? this.models.of(processKey ?? '') : null;
  }

  private async look(): Promise<void> {
    try {
      const due = this.due();
      if (due.length === 0 || this.engine.isAway) return;
      await this.readModels(due.filter(({ watch }) => watch.waitStateIds === null));
      const waiting = await this.atWaitStates(due.filter(({ watch }) => this.watches.has(watch)));
      await Promise.all(waiting.slice(0, MAX_LOOKS).map((each) => this.lookAt(each)));
      this.isFailing = false;
    } catch (error) {
      this.noteFailure(error);
    }
  }

  /** The watches of a round. */
  private due(): Due[] {
    const now = performance.now();
    const due: Due[] = [];
    for (const watch of this.watches) {
      const { record } = watch;
      const row = this.store.peek(record.correlationId);
      if (watch.until - now < MIN_LEFT_MS || (row !== null && row.status !== 'pending'))
        this.watches.delete(watch);
      else if (watch.nextAt <= now && row?.processInstanceId != null)
        due.push({ watch, id: row.processInstanceId });
    }
    // Those that are left out come first in the next round.
    const chosen = due.sort((a, b) => a.watch.queriedAt - b.watch.queriedAt).slice(0, QUERY_SIZE);
    for (const { watch } of chosen) watch.queriedAt = now;
    return chosen;
  }

  /** Learns the elements at which the instances can wait; ends the watches of those that never wait. */
  private async readModels(unknown: readonly Due[]): Promise<void> {
    if (unknown.length === 0) return;
    const running = await this.waits.findRunning(unknown.map(({ id }) => id));
    const definitionOf = new Map(running.map(({ id, definitionId }) => [id, definitionId]));
    for (const { watch, id } of unknown) {
      const definitionId = definitionOf.get(id);
      if (definitionId === undefined) this.pause(watch);
      else watch.waitStateIds = (await this.engineModels.of(definitionId))?.waitStateIds ?? [];
      if (watch.waitStateIds?.length === 0) this.watches.delete(watch);
    }
  }

  /** Those whose instance is at an element that can wait, the one that was looked at longest ago first. */
  private async atWaitStates(due: readonly Due[]): Promise<readonly Due[]> {
    const known = due.filter(({ watch }) => watch.waitStateIds !== null);
    const activityIds = new Set(known.flatMap(({ watch }) => watch.waitStateIds ?? []));
    if (activityIds.size === 0) return [];
    const ids = new Set(known.map(({ id }) => id));
    const running = await this.waits.findRunning([...ids], [...activityIds]);
    const waiting = new Set(running.map(({ id }) => id));
    return known.filter(({ id }) => waiting.has(id)).sort((a, b) => a.watch.lookedAt - b.watch.lookedAt);
  }

  private async lookAt({ watch, id }: Due): Promise<void> {
    this.pause(watch);
    watch.lookedAt = performance.now();
    const deadline = Date.now() + watch.until - performance.now();
    const found = await this.finder.find(id, deadline);
    if (found === null || !this.watches.delete(watch)) return;
    this.waitingFor.remember(watch.record.correlationId, id, found);
    watch.found = found.entries;
    watch.answer();
  }

  private pause(watch: Watch): void {
    const now = performance.now();
    const pauseMs = Math.min(Math.max((now - watch.since) * SHARE_OF_AGE, MIN_PAUSE_MS), MAX_PAUSE_MS);
    watch.nextAt = now + pauseMs;
  }

  /** The request waits until its time is over, so a failure is logged once until a success. */
  private noteFailure(error: unknown): void {
    if (!this.isFailing)
      this.logger.warn({
        msg: 'It could not be read from the engine what waiting processes wait for.',
        err: error,
      });
    this.isFailing = true;
  }
}
