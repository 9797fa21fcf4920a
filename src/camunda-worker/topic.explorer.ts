import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Inject, Injectable, Logger, type OnModuleInit, Optional, type Type } from '@nestjs/common';
import { DiscoveryService, ModuleRef } from '@nestjs/core';
import { readDrawing } from '../common/bpmn-drawing/index.js';
import { BootError } from '../common/errors/index.js';
import { PROCESS_DEFINITIONS, type ProcessDefinition, topicOf } from '../common/process-definition/index.js';
import { CAMUNDA_CONFIG, type CamundaConfig } from '../config/index.js';
import { type CheckedDefinition, findFatalFault, findSuspicions } from './definition.checks.js';
import type { HandlerTask } from './topic-handler.js';
import { type TopicDeclaration, TopicMetadata } from './topic.decorator.js';

/** How long setTimeout can wait: 2^31 − 1 ms. */
const MAX_TIMER_MS = 2_147_483_647;

/** A topic with the handler that works on it. */
export interface RegisteredTopic {
  readonly topic: string;
  readonly declaration: TopicDeclaration;
  /** Last part of the topic. */
  readonly stepName: string;
  /** Place in its process's list of steps, from 1; null for a topic that is in none. */
  readonly step: number | null;
  /** Name of the handler's class. */
  readonly handlerName: string;
  handle(input: unknown, task: HandlerTask): unknown;
}

/** A handler or a process with invalid wiring; stops the boot. */
export class TopicWiringError extends BootError {
  override readonly name = 'TopicWiringError';
}

/** Token of the class that handlers complete their processes with; bound by the application. */
export const PROCESS_COMPLETER = Symbol('PROCESS_COMPLETER');

/** Token of the URL of the folder whose folders are our processes; null if they are in no such folder. */
export const PROCESS_FOLDER = Symbol('PROCESS_FOLDER');

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Finds the `@Topic` handlers at boot and refuses what could not work. */
@Injectable()
export class TopicExplorer implements OnModuleInit {
  private readonly logger = new Logger(TopicExplorer.name);
  private readonly found = new Map<
    string,
    RegisteredTopic & { readonly owner: string; readonly instance: unknown; readonly wrapper: Wrapper }
  >();

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

  /** @throws TopicWiringError that names class, topic and remedy */
  async onModuleInit(): Promise<void> {
    // Not by metadata key: that finds neither subclasses nor what stands under another decorator.
    for (const wrapper of this.discovery.getProviders()) {
      const declaration = declarationOf(wrapper, this.discovery);
      if (declaration !== undefined) this.register(wrapper, declaration);
    }
    this.refuseStepsWithoutHandler();
    await this.compareWithDrawings();
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
      ...this.place(topic),
    });
  }

  private place(topic: string): { stepName: string; step: number | null } {
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

  /** Warns of what only one of the two has: a slip of the pen, or another application's. */
  private async compareWithDrawings(): Promise<void> {
    const used = new Set<string>();
    const keys = new Set(this.definitions.map(({ key }) => key));
    for (const { key, bpmn } of this.definitions) {
      const text = await readDefinition(key, bpmn);
      const topics = new Set(topicsIn(text));
      for (const topic of topics) used.add(topic);
      const drawing = await readDrawing(text);
      // What cannot be read as a whole the engine refuses with its reasons.
      if (drawing === null) this.warnOfUnhandledTopics(key, topics);
      else {
        this.check({
          key,
          file: basename(fileURLToPath(bpmn)),
          drawing,
          keys,
          hasHandler: (topic) => this.found.has(topic),
          mayComplete: (topic) => this.mayComplete(topic),
        });
      }
    }
    this.warnOfUnusedTopics(used);
    if (this.folder !== null) await this.warnOfUnregisteredFiles(this.folder);
  }

  private async warnOfUnregisteredFiles(folder: URL): Promise<void> {
    const registered = new Set(this.definitions.map(({ bpmn }) => fileURLToPath(bpmn)));
    for (const name of await readdir(folder, { recursive: true })) {
      if (!name.endsWith('.bpmn') || registered.has(join(fileURLToPath(folder), name))) continue;
      this.logger.warn({
        msg: `${name} belongs to no registered process, so nobody deploys it and its starts are answered 404: add its definition to src/processes/index.ts.`,
        file: name,
      });
    }
  }

  /** Where we do not deploy, the engine may have what our file lacks. */
  private check(definition: CheckedDefinition): void {
    const fault = findFatalFault(definition);
    if (fault !== null && this.config?.deploy === true) throw new TopicWiringError(fault);
    const { key: processKey, file } = definition;
    for (const msg of [...(fault === null ? [] : [fault]), ...findSuspicions(definition)]) {
      this.logger.warn({ msg, processKey, file });
    }
  }

  /** Whether a handler, or what is injected into it, has the class that completes processes. */
  private mayComplete(topic: string): boolean {
    const wrapper = this.found.get(topic)?.wrapper;
    if (wrapper === undefined || this.completer === undefined) return true;
    // A value has been made by somebody who may have given it anything.
    if (wrapper.isNotMetatype && wrapper.inject == null) return true;
    return dependsOn(wrapper, new Set<unknown>([this.completer, ModuleRef]));
  }

  private warnOfUnhandledTopics(processKey: string, topics: ReadonlySet<string>): void {
    for (const topic of topics) {
      if (isExpression(topic) || this.found.has(topic)) continue;
      this.logger.warn({
        msg: `The .bpmn of "${processKey}" has the topic "${topic}", which no class here handles: its tasks wait, and the process stays pending. Write the handler or correct one of the two, unless another application works on it.`,
        topic,
      });
    }
  }

  private warnOfUnusedTopics(used: ReadonlySet<string>): void {
    // It can become any.
    if ([...used].some(isExpression)) return;
    for (const { topic, owner } of this.found.values()) {
      if (used.has(topic)) continue;
      this.logger.warn({
        msg: `${owner} handles the topic "${topic}", which no .bpmn of ours has: correct one of the two, unless another application deploys it.`,
        topic,
      });
    }
  }
}

function declarationOf(wrapper: Wrapper, discovery: DiscoveryService): TopicDeclaration | undefined {
  const instance = wrapper.instance as { readonly constructor?: unknown } | null | undefined;
  // Values without a class are providers too.
  if (typeof (instance?.constructor ?? wrapper.metatype) !== 'function') return undefined;
  return discovery.getMetadataByDecorator(TopicMetadata, wrapper);
}

/** Whether a provider has one of some classes injected, by however many others. */
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

/** @throws TopicWiringError where a limit would keep the handler from ever running */
function refuseLimits(owner: string, { topic, maxDurationMs = 1, maxParallel = 1 }: TopicDeclaration): void {
  for (const [name, value] of Object.entries({ maxDurationMs, maxParallel })) {
    if (Number.isSafeInteger(value) && value >= 1 && value <= MAX_TIMER_MS) continue;
    throw new TopicWiringError(
      `${owner} handles the topic "${topic}" with ${name} ${value}: give a whole number from 1 to ${MAX_TIMER_MS}, or leave it out.`,
    );
  }
}

function isExpression(topic: string): boolean {
  return /[#$]\{/.test(topic);
}

function topicsIn(bpmn: string): string[] {
  return [...bpmn.matchAll(/\b[\w-]+:topic\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map((match) =>
    (match[1] ?? match[2] ?? '')
      .replaceAll('&quot;', '"')
      .replaceAll('&apos;', "'")
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&'),
  );
}

/** @throws TopicWiringError if the file of a definition cannot be read */
async function readDefinition(key: string, bpmn: URL): Promise<string> {
  try {
    return await readFile(bpmn, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TopicWiringError(
      `The process "${key}" has no readable drawing at ${fileURLToPath(bpmn)} (${code ?? String(error)}): ` +
        'correct the name in bpmn: new URL(…) of its definition, then run npm run build.',
      { cause: error },
    );
  }
}
