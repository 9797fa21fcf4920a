import { Inject, Injectable, Logger, type OnModuleInit, Optional, type Type } from '@nestjs/common';
import { DiscoveryService, ModuleRef } from '@nestjs/core';
import {
  PROCESS_DEFINITIONS,
  type ProcessDefinition,
  topicOf,
} from '../../common/process-definition/index.js';
import { CAMUNDA_CONFIG, type CamundaConfig } from '../../config/index.js';
import { DefinitionChecker } from './definition.checker.js';
import { assignPools, type TopicPool } from './topic.pools.js';
import { type RegisteredTopic, TopicWiringError } from './registered-topic.js';
import { type TopicDeclaration, TopicMetadata } from './topic.decorator.js';

/** Longest delay of setTimeout: 2^31 − 1 ms. */
const MAX_TIMER_MS = 2_147_483_647;

/** Token of the class by which handlers complete their processes; bound by the application. */
export const PROCESS_COMPLETER = Symbol('PROCESS_COMPLETER');

/** Token of the URL of the folder that has a subfolder per process; null if there is none. */
export const PROCESS_FOLDER = Symbol('PROCESS_FOLDER');

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Finds the `@Topic` handlers at boot, and stops the boot if one is wired wrongly. */
@Injectable()
export class TopicExplorer implements OnModuleInit {
  private readonly logger = new Logger(TopicExplorer.name);
  private readonly found = new Map<
    string,
    RegisteredTopic & { readonly owner: string; readonly instance: unknown; readonly wrapper: Wrapper }
  >();

  private assigned: readonly TopicPool[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    @Inject(PROCESS_DEFINITIONS) private readonly definitions: readonly ProcessDefinition[],
    @Optional() @Inject(CAMUNDA_CONFIG) private readonly config?: CamundaConfig,
    @Optional() @Inject(PROCESS_COMPLETER) private readonly completer?: Type,
    @Optional() @Inject(PROCESS_FOLDER) private readonly folder: URL | null = null,
  ) {}

  /** All topics that have a handler. */
  get topics(): ReadonlyMap<string, RegisteredTopic> {
    return this.found;
  }

  /** The pools that have topics; each topic is in one. */
  get pools(): readonly TopicPool[] {
    return this.assigned;
  }

  /** @throws TopicWiringError that names class, topic and remedy */
  async onModuleInit(): Promise<void> {
    // Not by metadata key, which finds neither subclasses nor classes with another decorator on top.
    for (const wrapper of this.discovery.getProviders()) {
      const declaration = declarationOf(wrapper, this.discovery);
      if (declaration !== undefined) this.register(wrapper, declaration);
    }
    this.refuseStepsWithoutHandler();
    this.assign();
    await new DefinitionChecker({
      definitions: this.definitions,
      handlers: this.found,
      mayComplete: (topic) => this.mayComplete(topic),
      deploys: this.config?.deploy === true,
      folder: this.folder,
      logger: this.logger,
    }).check();
  }

  private register(wrapper: Wrapper, declaration: TopicDeclaration): void {
    const { topic } = declaration;
    const { name, owner } = describe(wrapper);
    const other = this.found.get(topic);
    // An alias (useExisting) of a handler is the same handler.
    if (other !== undefined && other.instance === wrapper.instance) return;
    if (other !== undefined) {
      throw new TopicWiringError(
        other.owner.startsWith(`${name} `)
          ? `${name} handles the topic "${topic}" twice, as ${other.owner} and ${owner}: keep it as a provider of one module.`
          : `${owner} and ${other.owner} both handle the topic "${topic}": leave it to one of them.`,
      );
    }
    if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient) {
      throw new TopicWiringError(
        `${owner} handles the topic "${topic}" but is not a singleton: remove the scope from it and from what it injects.`,
      );
    }
    refuseLimits(owner, declaration);
    const handler = wrapper.instance as { handle?: unknown } | undefined;
    if (typeof handler?.handle !== 'function') {
      throw new TopicWiringError(
        `${owner} is marked with @Topic("${topic}") but has no handle() method: implement TopicHandler.`,
      );
    }
    const handle = handler.handle.bind(handler) as RegisteredTopic['handle'];
    this.found.set(topic, {
      topic,
      declaration,
      handlerName: name,
      owner,
      handle,
      instance: handler,
      wrapper,
      ...this.stepOf(topic),
    });
  }

  private assign(): void {
    const declarations = [...this.found.values()].map(({ declaration }) => declaration);
    this.assigned = assignPools(declarations, this.config?.pools ?? []);
    for (const { topics, lockDurationMs } of this.assigned) {
      if (lockDurationMs === null) continue;
      for (const topic of topics) {
        const found = this.found.get(topic);
        if (found === undefined) continue;
        this.found.set(topic, { ...found, declaration: { lockDurationMs, ...found.declaration } });
      }
    }
  }

  private stepOf(topic: string): { stepName: string; step: number | null } {
    for (const definition of this.definitions) {
      const index = definition.steps.findIndex((step) => topicOf(definition, step) === topic);
      const stepName = definition.steps[index];
      if (stepName !== undefined) return { stepName, step: index + 1 };
    }
    return { stepName: topic.slice(topic.lastIndexOf('.') + 1), step: null };
  }

  private refuseStepsWithoutHandler(): void {
    for (const definition of this.definitions) {
      for (const step of definition.steps) {
        const topic = topicOf(definition, step);
        if (this.found.has(topic)) continue;
        throw new TopicWiringError(
          `The process "${definition.key}" has the step "${step}" but no class has @Topic("${topic}"): ` +
            'write its handler and add the class to the providers of a module, or remove the step.',
        );
      }
    }
  }

  /** True if the class that completes processes is injected into a handler, directly or through other providers. */
  private mayComplete(topic: string): boolean {
    const wrapper = this.found.get(topic)?.wrapper;
    if (wrapper === undefined || this.completer === undefined) return true;
    // A value provider may hold any object.
    if (wrapper.isNotMetatype && wrapper.inject == null) return true;
    return dependsOn(wrapper, new Set<unknown>([this.completer, ModuleRef]));
  }
}

function declarationOf(wrapper: Wrapper, discovery: DiscoveryService): TopicDeclaration | undefined {
  const instance = wrapper.instance as { readonly constructor?: unknown } | null | undefined;
  // Values without a class are providers too.
  if (typeof (instance?.constructor ?? wrapper.metatype) !== 'function') return undefined;
  return discovery.getMetadataByDecorator(TopicMetadata, wrapper);
}

/** True if one of the classes is injected into a provider, directly or through other providers. */
function dependsOn(wrapper: Wrapper, classes: ReadonlySet<unknown>, seen = new Set<Wrapper>()): boolean {
  if (seen.has(wrapper)) return false;
  seen.add(wrapper);
  if (classes.has(wrapper.token)) return true;
  const injected = [
    ...((wrapper.getCtorMetadata() as readonly Wrapper[] | undefined) ?? []),
    ...((wrapper.getPropertiesMetadata() as readonly { readonly wrapper: Wrapper }[] | undefined) ?? []).map(
      (property) => property.wrapper,
    ),
  ];
  return injected.some((one) => dependsOn(one, classes, seen));
}

function describe(wrapper: Wrapper): { name: string; owner: string } {
  const { constructor } = (wrapper.instance ?? {}) as { constructor: { name: string } };
  const name = wrapper.isNotMetatype ? constructor.name : (wrapper.metatype?.name ?? constructor.name);
  return { name, owner: `${name} (of ${wrapper.host?.name ?? 'no module'})` };
}

/** @throws TopicWiringError if a limit would keep the handler from ever running */
function refuseLimits(owner: string, { topic, maxDurationMs = 1, maxParallel = 1 }: TopicDeclaration): void {
  for (const [name, value] of Object.entries({ maxDurationMs, maxParallel })) {
    if (Number.isSafeInteger(value) && value >= 1 && value <= MAX_TIMER_MS) continue;
    throw new TopicWiringError(
      `${owner} handles the topic "${topic}" with ${name} ${value}: give a whole number from 1 to ${MAX_TIMER_MS}, or leave it out.`,
    );
  }
}
