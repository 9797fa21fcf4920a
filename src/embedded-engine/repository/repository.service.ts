import type { DeploymentBundle } from '../state/change-set.js';
import type { DefinitionRecord, DeploymentRecord, ResourceRecord } from '../state/records.types.js';
import type { CommandExecutor } from '../core/command.executor.js';
import { bundleDeployment, withoutDuplicates } from './deployment.bundler.js';
import type { DeploymentCompiler } from './deployment.compiler.js';
import { PROCESS_DEFINITION_QUERY, type DefinitionQuery } from '../query/process-definition.query.js';
import type { DeploymentInput, DeploymentResult } from './deployment.types.js';
import { DEPLOYMENT_QUERY } from '../query/deployment.query.js';
import type { HistoryService } from '../history/history.service.js';
import { BadUserRequestError, NotFoundError, ProcessEngineError } from '../state/engine.errors.js';
import type { EngineState } from '../state/engine.state.js';
import { Interpreter } from '../core/interpreter.js';
import { setInstanceSuspended } from '../core/suspension.js';
import type { UnitOfWork } from '../core/unit-of-work.js';

/** Deployments and process definitions. */
export class RepositoryService {
  readonly deployments = DEPLOYMENT_QUERY.over(
    () => Array.from(this.state.deployments.values(), ({ deployment }) => deployment),
    () => undefined,
  );
  readonly definitions = PROCESS_DEFINITION_QUERY.over(
    (query) => this.definitionCandidates(query),
    () => undefined,
  );

  /** Deployments run one after another, because each is compared with the one before. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly state: EngineState,
    private readonly executor: CommandExecutor,
    private readonly compiler: DeploymentCompiler,
    private readonly history: HistoryService,
  ) {}

  /** Restores the deployments of an earlier engine. */
  async restore(bundles: readonly DeploymentBundle[]): Promise<void> {
    for (const bundle of bundles) {
      const compiled = await this.compiler.compile(bundle.resources);
      this.state.deployments.set(bundle.deployment.id, bundle);
      this.state.definitions.add(bundle.definitions, compiled);
    }
  }

  /**
   * Compiles and deploys all resources or none.
   *
   * @throws the compiler's error for an invalid resource; BadUserRequest without resources
   */
  deploy(input: DeploymentInput): Promise<DeploymentResult> {
    const deployed = this.last.then(() => this.deployNow(input));
    this.last = deployed.catch(() => undefined);
    return deployed;
  }

  findDeployment(id: string): DeploymentRecord | null {
    return this.state.deployments.get(id)?.deployment ?? null;
  }

  findResources(deploymentId: string): readonly ResourceRecord[] {
    return this.state.deployments.get(deploymentId)?.resources ?? [];
  }

  /** @throws NotFound; ProcessEngine while instances run and `cascade` is false */
  async deleteDeployment(id: string, { cascade }: { readonly cascade: boolean }): Promise<void> {
    await this.executor.run(
      (work) => {
        const bundle = this.state.deployments.get(id);
        if (bundle === undefined) throw new NotFoundError(`Deployment with id '${id}' do not exist`);
        const definitionIds = new Set(bundle.definitions.map((definition) => definition.id));
        this.emptyDefinitions(work, definitionIds, cascade, `Deployment ${id}`);
        work.changes.deployments.set(id, null);
        return definitionIds;
      },
      (definitionIds) => {
        this.state.definitions.remove(definitionIds);
      },
    );
  }

  /** @throws NotFound; ProcessEngine while instances run and `cascade` is false */
  async deleteDefinition(id: string, { cascade }: { readonly cascade: boolean }): Promise<void> {
    await this.executor.run(
      (work) => {
        const { bundle } = this.locate(id);
        this.emptyDefinitions(work, new Set([id]), cascade, `Process definition ${id}`);
        const definitions = bundle.definitions.filter((one) => one.id !== id);
        work.changes.deployments.set(bundle.deployment.id, { ...bundle, definitions });
      },
      () => {
        this.state.definitions.remove(new Set([id]));
      },
    );
  }

  findDefinition(id: string): DefinitionRecord | null {
    return this.state.definition(id)?.record ?? null;
  }

  /** The latest version without a tenant. */
  findLatestDefinition(key: string, tenantId: string | null = null): DefinitionRecord | null {
    return this.state.definitions.latest(key, tenantId)?.record ?? null;
  }

  /**
   * Suspends or activates a definition. A suspended definition starts no instances.
   *
   * @param includeProcessInstances whether its instances are suspended or activated too
   * @throws NotFound
   */
  setDefinitionSuspended(id: string, suspended: boolean, includeProcessInstances: boolean): Promise<void> {
    return this.changeDefinition(id, { suspended }, (work) => {
      if (!includeProcessInstances) return;
      for (const { header } of this.state.instances.values())
        if (header.definitionId === id) setInstanceSuspended(work, header.id, suspended);
    });
  }

  /**
   * Sets the days for which the history of instances that end later is kept; null: forever. @throws NotFound,
   * BadUserRequest
   */
  async setHistoryTimeToLive(id: string, days: number | null): Promise<void> {
    if (days !== null && days < 0)
      throw new BadUserRequestError('historyTimeToLive must be greater than or equal to 0');
    await this.changeDefinition(id, { historyTimeToLive: days }, () => undefined);
  }

  /** The resource of a definition, for `/xml`. */
  findDefinitionResource(id: string): ResourceRecord | null {
    const record = this.findDefinition(id);
    if (record === null) return null;
    return this.findResources(record.deploymentId).find(({ name }) => name === record.resource) ?? null;
  }

  private async deployNow(input: DeploymentInput): Promise<DeploymentResult> {
    if (input.resources.length === 0)
      throw new BadUserRequestError('No deployment resources contained to deploy.');
    const { resources, unchanged } = withoutDuplicates(input, this.state.deployments.values());
    if (unchanged !== null) return { deployment: unchanged, definitions: [] };
    const compiled = await this.compiler.compile(resources);
    return this.executor.run(
      (work) => {
        const bundle = bundleDeployment(work, input, resources, compiled, this.state.definitions);
        work.changes.deployments.set(bundle.deployment.id, bundle);
        return { deployment: bundle.deployment, definitions: bundle.definitions };
      },
      ({ definitions }) => {
        this.state.definitions.add(definitions, compiled);
      },
    );
  }

  /** Changes attributes of a definition; its model stays. @throws NotFound */
  private async changeDefinition(
    id: string,
    change: Partial<Pick<DefinitionRecord, 'suspended' | 'historyTimeToLive'>>,
    also: (work: UnitOfWork) => void,
  ): Promise<void> {
    await this.executor.run(
      (work) => {
        const { record, bundle } = this.locate(id);
        const changed = { ...record, ...change };
        const definitions = bundle.definitions.map((one) => (one.id === id ? changed : one));
        work.changes.deployments.set(record.deploymentId, { ...bundle, definitions });
        also(work);
        return changed;
      },
      (changed) => {
        this.state.definitions.update(changed);
      },
    );
  }

  /** @throws NotFound */
  private locate(id: string): { readonly record: DefinitionRecord; readonly bundle: DeploymentBundle } {
    const record = this.findDefinition(id);
    const bundle = record === null ? undefined : this.state.deployments.get(record.deploymentId);
    if (record !== null && bundle !== undefined) return { record, bundle };
    throw new NotFoundError(`No process definition found with id '${id}'`);
  }

  /**
   * Deletes the instances and, with `cascade`, the history of definitions. @throws ProcessEngine if instances run and
   * `cascade` is false
   */
  private emptyDefinitions(
    work: UnitOfWork,
    definitionIds: ReadonlySet<string>,
    cascade: boolean,
    what: string,
  ): void {
    const running = [...this.state.instances.values()].filter(({ header }) =>
      definitionIds.has(header.definitionId),
    );
    if (running.length > 0 && !cascade) {
      throw new ProcessEngineError(
        `${what} has ${running.length} running process instances; delete it with cascade=true.`,
      );
    }
    for (const { id } of running) {
      this.deleteInstance(work, id);
      work.changes.deletedHistories.add(id);
    }
    if (cascade) this.deleteHistory(work, definitionIds);
  }

  /** Deletes an instance, unless it was deleted with its caller already. */
  private deleteInstance(work: UnitOfWork, id: string): void {
    if (work.findInstance(id) === undefined) return;
    new Interpreter(work, Infinity).deleteInstance(id, {
      deleteReason: 'deployment deleted',
      state: 'EXTERNALLY_TERMINATED',
      mapOutputs: false,
      withCalled: true,
    });
  }

  private deleteHistory(work: UnitOfWork, definitionIds: ReadonlySet<string>): void {
    for (const processDefinitionId of definitionIds) {
      for (const { id } of this.history.instances.find({ processDefinitionId }))
        work.changes.deletedHistories.add(id);
    }
  }

  private *definitionCandidates({ latestVersion }: DefinitionQuery): Iterable<DefinitionRecord> {
    const { definitions } = this.state;
    for (const { record } of latestVersion === true ? definitions.allLatest() : definitions.values())
      yield record;
  }
}
