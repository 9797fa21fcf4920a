import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, Optional } from '@nestjs/common';
import { PROCESS_DEFINITIONS, type ProcessDefinition } from '../common/process-definition/index.js';
import { CAMUNDA_CONFIG, type CamundaConfig } from '../config/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import { type WorkLease, WorkLeaseService } from '../work-lease/index.js';
import { abortableDelay, backOffMs } from './abortable-delay.js';
import { EngineConnection } from './engine.connection.js';
import { EngineDeploymentsClient } from './engine-deployments.client.js';
import { EngineMisconfiguredError, EngineResponseError } from './engine.errors.js';

const FIRST_BACK_OFF_MS = 500;
const LONGEST_BACK_OFF_MS = 30_000;

/** Pause between two questions whether another instance has ended its deployment, in ms. */
const TURN_MS = 250;

/** An instance deploys without its turn after this time, in ms: longer than the lease of one that was killed. */
const LONGEST_TURN_MS = 30_000;

/** State of one definition's deployment; `refused` lasts until the service starts with another `.bpmn`. */
export type DefinitionDeployment =
  | { readonly status: 'pending'; readonly lastError: string | null }
  | { readonly status: 'deployed'; readonly deploymentId: string }
  | { readonly status: 'refused'; readonly file: string; readonly problem: string };

/** `off`: `CAMUNDA_DEPLOY` is off. `refused`: at least one was. `pending`: at least one is, and none refused. */
export interface DeploymentState {
  readonly status: 'off' | 'pending' | 'deployed' | 'refused';
  /** Rounds that were tried: 1 after the first attempt, even if the engine did not answer. */
  readonly rounds: number;
  /** True once no definition was pending, even if some were refused; it stays true when definitions are deployed again. */
  readonly isComplete: boolean;
  readonly definitions: Readonly<Record<string, DefinitionDeployment>>;
}

/**
 * Deploys our process definitions through the engine's REST API, each under the name `fastify-camunda:<key>`; the engine
 * skips unchanged ones.
 *
 * An unreachable engine does not stop the boot: the deployment is repeated until it succeeds. A BPMN that the engine
 * refuses is logged with its problems and not deployed again.
 */
@Injectable()
export class EngineDeploymentService implements OnApplicationBootstrap {
  private readonly logger = new Logger(EngineDeploymentService.name);
  private readonly abort = new AbortController();
  private readonly progress = new Map<string, DefinitionDeployment>();
  private rounds = 0;
  private isComplete = false;
  /** Ends the wait before the next round. */
  private skipWait = new AbortController();
  private work: Promise<void> | null = null;
  /** Null: this instance is alone. */
  private readonly lease: WorkLease | null;

  constructor(
    private readonly engine: EngineConnection,
    private readonly engineDeployments: EngineDeploymentsClient,
    @Inject(PROCESS_DEFINITIONS) private readonly definitions: readonly ProcessDefinition[],
    @Inject(CAMUNDA_CONFIG) private readonly config: CamundaConfig,
    shutdown: ShutdownService,
    @Optional() leases?: WorkLeaseService,
  ) {
    this.lease = leases?.of('deployment') ?? null;
    this.resetProgress();
    // The engine that is back may be a new one, without our definitions.
    this.engine.onRecovered(() => {
      this.deployAgain();
    });
    shutdown.register('drain', 'deployment', async () => {
      this.abort.abort();
      await this.work;
    });
  }

  get state(): DeploymentState {
    const statuses = new Set([...this.progress.values()].map(({ status }) => status));
    const status = statuses.has('refused') ? 'refused' : statuses.has('pending') ? 'pending' : 'deployed';
    return {
      status: this.config.deploy ? status : 'off',
      rounds: this.rounds,
      isComplete: this.isComplete || !this.config.deploy,
      definitions: Object.fromEntries(this.progress),
    };
  }

  /** True if a 404 for this key means that the engine has no such process, and not that our deployment is still pending. */
  isSettled(processKey: string): boolean {
    return this.progress.get(processKey)?.status !== 'pending';
  }

  /**
   * Resolves when no deployment is pending, at once if `CAMUNDA_DEPLOY` is off. It also resolves if a definition was
   * refused or the service stops: check {@link state} afterwards.
   */
  async whenDeployed(): Promise<void> {
    this.beginOnce();
    await this.work;
  }

  onApplicationBootstrap(): void {
    this.beginOnce();
  }

  /** Deploys again at once, or skips the wait before the next round: the engine may be a new one. */
  deployAgain(): void {
    if (this.abort.signal.aborted) return;
    if (this.work !== null) {
      this.skipWait.abort();
      return;
    }
    this.resetProgress();
    this.begin();
  }

  /** The bootstrap of another module may run before ours. */
  private beginOnce(): void {
    if (this.work === null && this.rounds === 0) this.begin();
  }

  private begin(): void {
    if (!this.config.deploy) return;
    this.work = this.deployAll().finally(() => {
      this.work = null;
    });
  }

  private resetProgress(): void {
    if (!this.config.deploy) return;
    for (const { key } of this.definitions) {
      if (this.progress.get(key)?.status !== 'refused') {
        this.progress.set(key, { status: 'pending', lastError: null });
      }
    }
  }

  private async deployAll(): Promise<void> {
    for (let failures = 1; !this.abort.signal.aborted; failures += 1) {
      await this.awaitTurn();
      for (const definition of this.definitions.filter(({ key }) => !this.isSettled(key))) {
        this.progress.set(definition.key, await this.deployOne(definition));
      }
      await this.endTurn();
      this.rounds += 1;
      if (this.definitions.every(({ key }) => this.isSettled(key))) {
        this.isComplete = true;
        return;
      }
      const delayMs = backOffMs(failures, FIRST_BACK_OFF_MS, LONGEST_BACK_OFF_MS);
      this.skipWait = new AbortController();
      await abortableDelay(delayMs, AbortSignal.any([this.abort.signal, this.skipWait.signal]));
    }
  }

  /**
   * Waits until no other instance deploys: two deployments of one file at the same time may make two versions. Ends at
   * the latest after {@link LONGEST_TURN_MS}, and at once if the database is unavailable, because a second version is
   * harmless and a missing one is not.
   */
  private async awaitTurn(): Promise<void> {
    const until = performance.now() + LONGEST_TURN_MS;
    try {
      while (this.lease !== null && !(await this.lease.acquire())) {
        if (this.abort.signal.aborted || performance.now() > until) return;
        await abortableDelay(TURN_MS, this.abort.signal);
      }
    } catch (error) {
      this.logger.debug({ msg: 'The definitions are deployed without a lease.', err: error });
    }
  }

  private async endTurn(): Promise<void> {
    try {
      await this.lease?.release();
    } catch (error) {
      this.logger.debug({ msg: 'The lease of a deployment stays until it expires.', err: error });
    }
  }

  private async deployOne({ key, bpmn }: ProcessDefinition): Promise<DefinitionDeployment> {
    try {
      const { id, deployed } = await this.engineDeployments.deploy({
        name: `fastify-camunda:${key}`,
        resources: [{ filename: basename(fileURLToPath(bpmn)), content: await readFile(bpmn, 'utf8') }],
        signal: this.abort.signal,
      });
      this.logger.log({
        msg:
          deployed.length > 0
            ? 'Process definition deployed.'
            : 'Process definition is unchanged in the engine.',
        processKey: key,
        deploymentId: id,
        definitions: deployed.map((definition) => definition.id),
      });
      return { status: 'deployed', deploymentId: id };
    } catch (error) {
      return this.failed(key, basename(fileURLToPath(bpmn)), error);
    }
  }

  private failed(key: string, file: string, error: unknown): DefinitionDeployment {
    if (error instanceof EngineResponseError && isRefusal(error)) {
      const problem = error.engineMessage;
      this.logger.error({
        msg: `The engine refuses ${file}: ${problem} Starts of "${key}" use the version that was deployed before, if there is one. Correct the file and start the service again.`,
        processKey: key,
        file,
        problem,
        details: error.details,
      });
      return { status: 'refused', file, problem };
    }
    const message = error instanceof Error ? error.message : String(error);
    if (!this.abort.signal.aborted) {
      // EngineAccessMonitor logs refused credentials once, not with each attempt.
      const isRefused = error instanceof EngineMisconfiguredError && [401, 403].includes(error.status ?? 0);
      this.logger[isRefused ? 'debug' : 'warn']({
        msg: 'A process definition could not be deployed; the deployment is repeated.',
        processKey: key,
        err: error,
      });
    }
    return { status: 'pending', lastError: message };
  }
}

/** Older engines answer 500 for a file that they cannot parse. */
function isRefusal({ status, type }: EngineResponseError): boolean {
  return status === 400 || type === 'ParseException';
}
