import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '@nestjs/common';
import { readBpmnModel } from '../../common/bpmn-model/index.js';
import type { ProcessDefinition } from '../../common/process-definition/index.js';
import { type CheckedDefinition, findFatalFault, findSuspicions } from './definition.checks.js';
import { TopicWiringError } from './registered-topic.js';

/** What the definitions are checked against. */
export interface DefinitionCheckerOptions {
  readonly definitions: readonly ProcessDefinition[];
  /** Handlers by topic; `owner` names class and module. */
  readonly handlers: ReadonlyMap<string, { readonly topic: string; readonly owner: string }>;
  /** True if the handler of a topic may complete its process. */
  readonly mayComplete: (topic: string) => boolean;
  /** True if this service deploys its definitions (`CAMUNDA_DEPLOY`). */
  readonly deploys: boolean;
  /** Folder to search for `.bpmn` files without a definition; null: none is searched. */
  readonly folder: URL | null;
  readonly logger: Logger;
}

/** Compares the `.bpmn` files of our definitions with the handlers at boot. */
export class DefinitionChecker {
  constructor(private readonly options: DefinitionCheckerOptions) {}

  /**
   * Checks every definition; logs a warning for each difference, which may be a typing error or intended.
   *
   * @throws TopicWiringError if a file cannot be read, or if we deploy it and none of its instances could start
   */
  async check(): Promise<void> {
    const { definitions, handlers, mayComplete, folder } = this.options;
    const used = new Set<string>();
    const keys = new Set(definitions.map(({ key }) => key));
    for (const { key, bpmn, result } of definitions) {
      const text = await readDefinition(key, bpmn);
      const topics = new Set(topicsIn(text));
      for (const topic of topics) used.add(topic);
      const model = await readBpmnModel(text);
      // The engine refuses a file that cannot be parsed, and names the reasons.
      if (model === null) this.warnOfUnhandledTopics(key, topics);
      else {
        this.checkOne({
          key,
          file: basename(fileURLToPath(bpmn)),
          model,
          keys,
          hasHandler: (topic) => handlers.has(topic),
          mayComplete,
          hasResult: result !== undefined,
        });
      }
    }
    this.warnOfUnusedHandlers(used);
    if (folder !== null) await this.warnOfUnregisteredFiles(folder);
  }

  /** If another application deploys the definition, the engine may have what our file lacks: then a fault is a warning. */
  private checkOne(definition: CheckedDefinition): void {
    const fault = findFatalFault(definition);
    if (fault !== null && this.options.deploys) throw new TopicWiringError(fault);
    const { key: processKey, file } = definition;
    for (const msg of [...(fault === null ? [] : [fault]), ...findSuspicions(definition)]) {
      this.options.logger.warn({ msg, processKey, file });
    }
  }

  private async warnOfUnregisteredFiles(folder: URL): Promise<void> {
    const registered = new Set(this.options.definitions.map(({ bpmn }) => fileURLToPath(bpmn)));
    for (const name of await readdir(folder, { recursive: true })) {
      if (!name.endsWith('.bpmn') || registered.has(join(fileURLToPath(folder), name))) continue;
      this.options.logger.warn({
        msg: `${name} belongs to no registered process: it is not deployed, and its starts are answered 404. Add its definition to src/processes/index.ts.`,
        file: name,
      });
    }
  }

  private warnOfUnhandledTopics(processKey: string, topics: ReadonlySet<string>): void {
    for (const topic of topics) {
      if (isExpression(topic) || this.options.handlers.has(topic)) continue;
      this.options.logger.warn({
        msg: `The .bpmn of "${processKey}" has the topic "${topic}", which no class here handles: its tasks wait, and the process stays pending. Write the handler or correct one of the two, unless another application works on it.`,
        topic,
      });
    }
  }

  private warnOfUnusedHandlers(used: ReadonlySet<string>): void {
    // An expression can become any topic.
    if ([...used].some(isExpression)) return;
    for (const { topic, owner } of this.options.handlers.values()) {
      if (used.has(topic)) continue;
      this.options.logger.warn({
        msg: `${owner} handles the topic "${topic}", which no .bpmn of ours has: correct one of the two, unless another application deploys it.`,
        topic,
      });
    }
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
      `The process "${key}" has no readable model at ${fileURLToPath(bpmn)} (${code ?? String(error)}): ` +
        'correct the name in bpmn: new URL(…) of its definition, then run npm run build.',
      { cause: error },
    );
  }
}
