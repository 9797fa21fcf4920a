import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { PROCESS_DEFINITIONS, type ProcessDefinition } from '../common/process-definition/index.js';
import { CAMUNDA_CONFIG, type CamundaConfig } from '../config/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import { abortableDelay, backOffMs } from './abortable-delay.js';
import { EngineConnection } from './engine.connection.js';
import { EngineDeploymentsClient } from './engine-deployments.client.js';
import { EngineMisconfiguredError, EngineResponseError } from './engine.errors.js';

const FIRST_BACK_OFF_MS = 500;
const LONGEST_BACK_OFF_MS = 30_000;

/** Where the deployment of one definition is; `refused` holds until the service is started with another `.bpmn`. */
export type DefinitionDeployment =
  | { readonly status: 'pending'; readonly lastError: string | null }
  | { readonly status: 'deployed'; readonly deploymentId: string }
  | { readonly status: 'refused'; readonly file: string; readonly problem: string };

/** `off`: `CAMUNDA_DEPLOY` is off. `refused`: at least one was. `pending`: at least one is, and none refused. */
export interface DeploymentState {
  readonly status: 'off' | 'pending' | 'deployed' | 'refused';
  /** Rounds that were tried, from 0: an engine that is away has been tried once when this is 1. */
  readonly rounds: number;
  /** True once no definition was pending, however many were refused; a later deployment does not change it. */
  readonly isComplete: boolean;
  readonly definitions: Readonly<Record<string, DefinitionDeployment>>;
}

/**
 * Deploys our process definitions through the engine's REST API, each under `fastify-camunda:<key>`, only what changed.
 *
 * An engine that is away does not stop the boot: the deployment is repeated until it succeeds. A BPMN that the engine
 * refuses is logged with its problems and not tried again.
 */
@Injectable()
export class EngineDeploymentService implements OnApplicationBootstrap {
  private readonly logger = new Logger(EngineDeploymentService.name);
  private readonly abort = new AbortController();
  private readonly progress = new Map<string, DefinitionDeployment>();
  private rounds = 0;
  private isComplete = false;
  /** Ends the wait before the next round. */
  private hurry = new AbortController();
  private work: Promise<void> | null = null;

  constructor(
    private readonly engine: EngineConnection,
    private readonly engineDeployments: EngineDeploymentsClient,
    @Inject(PROCESS_DEFINITIONS) private readonly definitions: readonly ProcessDefinition[],
    @Inject(CAMUNDA_CONFIG) private readonly config: CamundaConfig,
    shutdown: ShutdownService,
  ) {
    this.resetProgress();
    // An engine that comes back may be a new one, without our definitions.
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

  /** True where a 404 for this key means that the engine has no such process, and not that we have yet to deploy it. */
  isSettled(processKey: string): boolean {
    return this.progress.get(processKey)?.status !== 'pending';
  }

  /**
   * Resolves when no deployment is pending: at once where `CAMUNDA_DEPLOY` is off or all is done; also when one was
   * refused or the service stops, so look at {@link state} afterwards.
   */
  async whenDeployed(): Promise<void> {
    this.beginOnce();
    await this.work;
  }

  onApplicationBootstrap(): void {
    this.beginOnce();
  }

  /** Deploys again, because an engine that has come back may be a new one; one round at a time, and at once. */
  deployAgain(): void {
    if (this.abort.signal.aborted) return;
    if (this.work !== null) {
      this.hurry.abort();
      return;
    }
    this.resetProgress();
    this.begin();
  }

  /** Another module's bootstrap may ask before ours ran. */
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
      for (const definition of this.definitions.filter(({ key }) => !this.isSettled(key))) {
        this.progress.set(definition.key, await this.deployOne(definition));
      }
      this.rounds += 1;
      if (this.definitions.every(({ key }) => this.isSettled(key))) {
        this.isComplete = true;
        return;
      }
      const delayMs = backOffMs(failures, FIRST_BACK_OFF_MS, LONGEST_BACK_OFF_MS);
      this.hurry = new AbortController();
      await abortableDelay(delayMs, AbortSignal.any([this.abort.signal, this.hurry.signal]));
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
      return this.judge(key, basename(fileURLToPath(bpmn)), error);
    }
  }

  private judge(key: string, file: string, error: unknown): DefinitionDeployment {
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
      // Credentials that are refused are logged once, by EngineAccess, and not with each try.
      const isRefused = error instanceof EngineMisconfiguredError && [401, 403].includes(error.status ?? 0);
      this.logger[isRefused ? 'debug' : 'warn']({
        msg: 'A process definition could not be deployed; it is tried again.',
        processKey: key,
        err: error,
      });
    }
    return { status: 'pending', lastError: message };
  }
}

/** Older engines answer a file that they cannot parse with 500. */
function isRefusal({ status, type }: EngineResponseError): boolean {
  return status === 400 || type === 'ParseException';
}
