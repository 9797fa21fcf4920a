import type { CompiledResource, ProcessModel } from '../model/index.js';
import type { DeploymentBundle } from '../persist/engine-store.js';
import type { DefinitionRecord, DeploymentRecord, ResourceRecord } from '../persist/records.types.js';
import type { CommandExecutor } from './command.executor.js';
import type {
  DefinitionQuery,
  DeploymentInput,
  DeploymentQuery,
  DeploymentResult,
  HistoryService,
  RepositoryService as RepositoryApi,
} from './engine-api.types.js';
import { BadUserRequestError, NotFoundError, ProcessEngineError } from './engine.errors.js';
import type { EngineState } from './engine.state.js';
import { ExecutableDefinition } from './executable-definition.js';
import { Interpreter } from './interpreter.js';
import { filterRecords, pageOf } from './record.query.js';
import {
  DEFINITION_RULES,
  DEFINITION_SORT_KEYS,
  DEPLOYMENT_RULES,
  DEPLOYMENT_SORT_KEYS,
} from './repository.queries.js';
import type { UnitOfWork } from './unit-of-work.js';

/** Compiles one resource; rejects with the compiler's own error when it refuses the file. */
export type ResourceCompiler = (name: string, bytes: Buffer) => Promise<CompiledResource>;

/** File names that hold BPMN, as Camunda's deployers look for them. */
const BPMN_NAME = /\.bpmn(20\.xml)?$/;

/** A definition id longer than this is the UUID alone. */
const MAX_ID_LENGTH = 64;

interface Resource {
  readonly name: string;
  readonly bytes: Buffer;
}

type Compiled = readonly { readonly resource: string; readonly model: ProcessModel }[];

/** Deployments and process definitions. */
export class RepositoryService implements RepositoryApi {
  /** Deployments run one after another: each compiles against what the one before has left. */
  private last: Promise<unknown> = Promise.resolve();
  private readonly latest = new Map<string, ExecutableDefinition>();

  constructor(
    private readonly state: EngineState,
    private readonly executor: CommandExecutor,
    private readonly compile: ResourceCompiler,
    private readonly history: HistoryService,
  ) {}

  /** Brings back what an earlier engine had deployed. */
  async restore(bundles: readonly DeploymentBundle[]): Promise<void> {
    for (const bundle of bundles) {
      const models = await this.compileAll(bundle.resources);
      this.state.deployments.set(bundle.deployment.id, bundle);
      for (const record of bundle.definitions) {
        const compiled = models.find(
          ({ resource, model }) => resource === record.resource && model.key === record.key,
        );
        if (compiled !== undefined)
          this.state.definitions.set(record.id, new ExecutableDefinition(record, compiled.model));
      }
    }
    this.indexLatest();
  }

  deploy(input: DeploymentInput): Promise<DeploymentResult> {
    const deployed = this.last.then(() => this.deployNow(input));
    this.last = deployed.catch(() => undefined);
    return deployed;
  }

  findDeployments(query: DeploymentQuery): readonly DeploymentRecord[] {
    return pageOf(this.matchingDeployments(query), query, DEPLOYMENT_SORT_KEYS);
  }

  countDeployments(query: DeploymentQuery): number {
    return this.matchingDeployments(query).length;
  }

  findDeployment(id: string): DeploymentRecord | null {
    return this.state.deployments.get(id)?.deployment ?? null;
  }

  findResources(deploymentId: string): readonly ResourceRecord[] {
    return this.state.deployments.get(deploymentId)?.resources ?? [];
  }

  async deleteDeployment(id: string, { cascade }: { readonly cascade: boolean }): Promise<void> {
    await this.executor.run(
      (work) => {
        const bundle = this.state.deployments.get(id);
        if (bundle === undefined) throw new NotFoundError(`Deployment with id '${id}' do not exist`);
        const definitionIds = new Set(bundle.definitions.map((definition) => definition.id));
        const running = [...this.state.instances.values()].filter(({ header }) =>
          definitionIds.has(header.definitionId),
        );
        if (running.length > 0 && !cascade) {
          throw new ProcessEngineError(
            `Deployment ${id} has ${running.length} running process instances; delete it with cascade=true.`,
          );
        }
        for (const { id: instanceId } of running) this.deleteInstance(work, instanceId);
        if (cascade) this.forgetHistory(work, definitionIds);
        work.changes.deployments.set(id, null);
        return definitionIds;
      },
      (definitionIds) => {
        for (const definitionId of definitionIds) this.state.definitions.delete(definitionId);
        this.indexLatest();
      },
    );
  }

  findDefinitions(query: DefinitionQuery): readonly DefinitionRecord[] {
    return pageOf(this.matchingDefinitions(query), query, DEFINITION_SORT_KEYS);
  }

  countDefinitions(query: DefinitionQuery): number {
    return this.matchingDefinitions(query).length;
  }

  findDefinition(id: string): DefinitionRecord | null {
    return this.state.definition(id)?.record ?? null;
  }

  findLatestDefinition(key: string): DefinitionRecord | null {
    return this.latest.get(latestKey(key, null))?.record ?? null;
  }

  findDefinitionResource(id: string): ResourceRecord | null {
    const record = this.findDefinition(id);
    if (record === null) return null;
    return this.findResources(record.deploymentId).find(({ name }) => name === record.resource) ?? null;
  }

  private async deployNow(input: DeploymentInput): Promise<DeploymentResult> {
    if (input.resources.length === 0)
      throw new BadUserRequestError('No deployment resources contained to deploy.');
    const { resources, unchanged } = this.withoutDuplicates(input);
    if (unchanged !== null) return { deployment: unchanged, definitions: [] };
    const compiled = await this.compileAll(resources);
    return this.executor.run(
      (work) => this.bundle(work, input, resources, compiled),
      ({ definitions }) => {
        for (const record of definitions) {
          const found = compiled.find(
            ({ resource, model }) => resource === record.resource && model.key === record.key,
          );
          if (found !== undefined)
            this.state.definitions.set(record.id, new ExecutableDefinition(record, found.model));
        }
        this.indexLatest();
      },
    );
  }

  private async compileAll(resources: readonly Resource[]): Promise<Compiled> {
    const compiled = await Promise.all(
      resources
        .filter(({ name }) => BPMN_NAME.test(name))
        .map(async ({ name, bytes }) => ({ name, result: await this.compile(name, bytes) })),
    );
    return compiled.flatMap(({ name, result }) =>
      result.processes.map((model) => ({ resource: name, model })),
    );
  }

  /** What of a deployment is new against the latest of its name, source and tenant; `unchanged` where nothing is. */
  private withoutDuplicates(input: DeploymentInput): {
    readonly resources: readonly Resource[];
    readonly unchanged: DeploymentRecord | null;
  } {
    if (!input.enableDuplicateFiltering && !input.deployChangedOnly)
      return { resources: input.resources, unchanged: null };
    const earlier = [...this.state.deployments.values()]
      .filter(
        ({ deployment }) =>
          deployment.name === input.name &&
          deployment.source === input.source &&
          deployment.tenantId === input.tenantId,
      )
      .reverse();
    const sameIn = (resource: Resource): DeploymentBundle | undefined => {
      const holder = earlier.find(({ resources }) => resources.some(({ name }) => name === resource.name));
      const held = holder?.resources.find(({ name }) => name === resource.name);
      return held?.bytes.equals(resource.bytes) === true ? holder : undefined;
    };
    const changed = input.resources.filter((resource) => sameIn(resource) === undefined);
    if (changed.length > 0)
      return { resources: input.deployChangedOnly ? changed : input.resources, unchanged: null };
    const holders = new Set(input.resources.map(sameIn));
    return { resources: [], unchanged: earlier.find((bundle) => holders.has(bundle))?.deployment ?? null };
  }

  private bundle(
    work: UnitOfWork,
    input: DeploymentInput,
    resources: readonly Resource[],
    compiled: Compiled,
  ): DeploymentResult {
    const id = work.newId();
    const { name, source, tenantId } = input;
    const deployment: DeploymentRecord = { id, name, source, tenantId, deploymentTime: work.now };
    const keys = compiled.map(({ model }) => model.key);
    const twice = keys.find((key, at) => keys.indexOf(key) !== at);
    if (twice !== undefined) {
      throw new ProcessEngineError(
        `The deployment contains definitions with the same key '${twice}' (id attribute), this is not allowed`,
      );
    }
    const definitions = compiled.map(({ resource, model }) => this.define(work, deployment, resource, model));
    work.changes.deployments.set(id, {
      deployment,
      definitions,
      resources: resources.map((resource) => ({ ...resource, id: work.newId(), deploymentId: id })),
    });
    return { deployment, definitions };
  }

  private define(
    work: UnitOfWork,
    deployment: DeploymentRecord,
    resource: string,
    model: ProcessModel,
  ): DefinitionRecord {
    const { tenantId } = deployment;
    const version = (this.latest.get(latestKey(model.key, tenantId))?.record.version ?? 0) + 1;
    const uuid = work.newId();
    const id = `${model.key}:${version}:${uuid}`;
    return {
      id: id.length > MAX_ID_LENGTH ? uuid : id,
      key: model.key,
      name: model.name,
      version,
      versionTag: model.versionTag,
      resource,
      deploymentId: deployment.id,
      category: model.category,
      suspended: false,
      tenantId,
      historyTimeToLive: model.historyTimeToLive,
      description: model.description,
      startableInTasklist: model.startableInTasklist,
    };
  }

  private deleteInstance(work: UnitOfWork, id: string): void {
    const instance = work.instance(id);
    const definition = work.definition(instance.header.definitionId);
    new Interpreter(work, instance, definition, Infinity).deleteInstance('deployment deleted');
  }

  private forgetHistory(work: UnitOfWork, definitionIds: ReadonlySet<string>): void {
    for (const processDefinitionId of definitionIds) {
      for (const { id } of this.history.findInstances({ processDefinitionId }))
        work.changes.forgottenInstances.add(id);
    }
  }

  private indexLatest(): void {
    this.latest.clear();
    for (const definition of this.state.definitions.values()) {
      const key = latestKey(definition.record.key, definition.record.tenantId);
      const known = this.latest.get(key);
      if (known === undefined || known.record.version < definition.record.version)
        this.latest.set(key, definition);
    }
  }

  private matchingDeployments(query: DeploymentQuery): DeploymentRecord[] {
    const all = [...this.state.deployments.values()].map(({ deployment }) => deployment);
    return filterRecords(all, query, DEPLOYMENT_RULES);
  }

  private matchingDefinitions(query: DefinitionQuery): DefinitionRecord[] {
    const { latestVersion, ...filters } = query;
    const from = latestVersion === true ? this.latest.values() : this.state.definitions.values();
    return filterRecords(
      [...from].map(({ record }) => record),
      filters,
      DEFINITION_RULES,
    );
  }
}

function latestKey(key: string, tenantId: string | null): string {
  return tenantId === null ? key : `${tenantId}\u0000${key}`;
}
