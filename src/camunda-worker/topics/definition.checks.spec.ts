import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger, type Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { PROCESS_DEFINITIONS } from '../../common/process-definition/index.js';
import { CAMUNDA_CONFIG, createConfiguration } from '../../config/index.js';
import {
  boundary,
  bpmn,
  element,
  end,
  error,
  errorEnd,
  flow,
  path,
  process,
  start,
  task,
  xor,
} from '../../embedded-engine/testing/process.builder.js';
import { Topic } from './topic.decorator.js';
import { TopicWiringError } from './registered-topic.js';
import { PROCESS_COMPLETER, PROCESS_FOLDER, TopicExplorer } from './topic.explorer.js';

Logger.overrideLogger(false);

@Injectable()
class Completer {}

/** Has the completer injected, as a service of a handler may have. */
@Injectable()
class Answers {
  constructor(readonly completer: Completer) {}
}

@Topic('order.work')
class WorkHandler {
  handle() {
    return {};
  }
}

@Topic('order.answer')
class AnswerHandler {
  constructor(readonly answers: Answers) {}

  handle() {
    return {};
  }
}

const step = (name: string): string => task(name, '', `camunda:topic="order.${name}"`);
const SOUND = [start(), step('work'), step('answer'), end(), path('start', 'work', 'answer', 'end')];

describe('the check of a .bpmn at boot', () => {
  const folder = mkdtempSync(join(tmpdir(), 'checks-'));
  let warnings: string[];

  beforeEach(() => {
    warnings = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: unknown) => {
      warnings.push((line as { msg: string }).msg);
    });
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  async function boot(
    file: string,
    { deploy = 'on', root = null as URL | null, handlers = [WorkHandler, AnswerHandler] as Type[] } = {},
  ): Promise<void> {
    const path = join(folder, 'order.bpmn');
    writeFileSync(path, file);
    const definition = { key: 'order', steps: [], bpmn: pathToFileURL(path) };
    const module = await Test.createTestingModule({
      imports: [DiscoveryModule],
      providers: [
        TopicExplorer,
        Completer,
        Answers,
        ...handlers,
        { provide: PROCESS_DEFINITIONS, useValue: [definition] },
        { provide: CAMUNDA_CONFIG, useValue: createConfiguration({ CAMUNDA_DEPLOY: deploy }).camunda },
        { provide: PROCESS_COMPLETER, useValue: Completer },
        { provide: PROCESS_FOLDER, useValue: root },
      ],
    }).compile();
    await module.init();
  }

  it('reports nothing about a valid one', async () => {
    await boot(bpmn(process('order', SOUND)));
    expect(warnings).toEqual([]);
  });

  it.each([
    [
      'an id that is not the key',
      bpmn(process('Process_1', SOUND)),
      'The process definition "order" has no process of that id in order.bpmn, which has "Process_1"',
    ],
    [
      'a model without any process',
      bpmn(''),
      'The process definition "order" has no process of that id in order.bpmn, which has none',
    ],
    [
      'isExecutable="false"',
      bpmn(process('order', SOUND)).replace('isExecutable="true"', 'isExecutable="false"'),
      'The process "order" in order.bpmn has isExecutable="false"',
    ],
  ])('stops the boot for %s; if the file is not deployed, it warns', async (_, file, sentence) => {
    const refused = boot(file);
    await expect(refused).rejects.toThrow(TopicWiringError);
    await expect(refused).rejects.toThrow(sentence);
    await boot(file, { deploy: 'off' });
    expect(warnings[0]).toContain(sentence);
  });

  it.each([
    [
      'a process that does not say isExecutable',
      bpmn(process('order', SOUND)).replace('isExecutable="true"', ''),
      /^The process "order" in order\.bpmn does not say isExecutable/,
    ],
    [
      'an error whose code an outcome cannot have',
      bpmn('<error id="Refused" errorCode="not-cleared"/>', process('order', SOUND)),
      /^The error "Refused" of "order" in order\.bpmn has the code "not-cleared".*clients read "NOT_CLEARED"/,
    ],
    [
      'an error with a code of the service',
      bpmn('<error id="Ended" errorCode="CANCELLED"/>', process('order', SOUND)),
      /^The error "Ended" of "order" in order\.bpmn has the code "CANCELLED".*clients read "PROCESS_CANCELLED"/,
    ],
    [
      'a further process without a definition',
      bpmn(process('order', SOUND), process('refund', [start('s2'), end('e2'), path('s2', 'e2')])),
      /^order\.bpmn of "order" has the further process "refund"/,
    ],
    [
      'a call of a key without a definition',
      bpmn(
        process('order', [
          start(),
          element('callActivity', 'Ship', 'name="Ship it" calledElement="shiping"'),
          step('work'),
          step('answer'),
          end(),
          path('start', 'Ship', 'work', 'answer', 'end'),
        ]),
      ),
      /^The call activity "Ship it" \(Ship\) in order\.bpmn calls "shiping"/,
    ],
    [
      'a topic that no handler has',
      bpmn(
        process('order', [
          start(),
          step('wrok'),
          step('work'),
          step('answer'),
          end(),
          path('start', 'wrok', 'work', 'answer', 'end'),
        ]),
      ),
      /^The \.bpmn of "order" has the topic "order\.wrok", .* at "wrok" in order\.bpmn/,
    ],
    [
      'an end that is reached without a completion',
      bpmn(
        process('order', [
          start(),
          step('work'),
          step('answer'),
          xor('G', 'default="good"'),
          end(),
          element('endEvent', 'Bad', 'name="Refused"'),
          path('start', 'work', 'G'),
          flow('G', 'answer', undefined, 'good'),
          flow('G', 'Bad', '${bad}'),
          path('answer', 'end'),
        ]),
      ),
      /^"order" in order\.bpmn can end at "Refused" \(Bad\) without a step that completes the process/,
    ],
    [
      'an end after the error of the step that completes',
      bpmn(
        process('order', [...SOUND, boundary('Failed', 'answer', null), end('Bad'), path('Failed', 'Bad')]),
      ),
      /^"order" in order\.bpmn can end at "Bad"/,
    ],
  ])('warns once of %s, with file and element', async (_, file, sentence) => {
    await boot(file);
    expect(warnings).toEqual([expect.stringMatching(sentence)]);
  });

  it('warns if no step completes the process', async () => {
    const file = bpmn(process('order', [start(), step('work'), end(), path('start', 'work', 'end')]));
    await boot(file, { handlers: [WorkHandler] });
    expect(warnings).toEqual([
      expect.stringMatching(/^No step of "order" in order\.bpmn completes the process/),
    ]);
  });

  it.each([
    [
      'a topic of another application may complete it',
      [
        start(),
        task('Other', '', 'camunda:topic="${theirs}"'),
        step('work'),
        step('answer'),
        end(),
        path('start', 'Other', 'end'),
      ],
    ],
    [
      'an end throws an error',
      [...SOUND, boundary('Failed', 'work', null), errorEnd('Bad', 'E'), path('Failed', 'Bad')],
    ],
    [
      'branches run beside each other',
      [
        start(),
        element('parallelGateway', 'P'),
        step('work'),
        step('answer'),
        end(),
        end('end2'),
        path('start', 'P', 'work', 'end'),
        path('P', 'answer', 'end2'),
      ],
    ],
  ])('does not warn if %s', async (_, content) => {
    await boot(bpmn(error('E'), process('order', content)));
    expect(warnings).toEqual([]);
  });

  it('warns of an unregistered file in the folder of the processes', async () => {
    const forgotten = join(folder, 'refund');
    mkdirSync(forgotten);
    writeFileSync(join(forgotten, 'refund.bpmn'), '');
    await boot(bpmn(process('order', SOUND)), { root: pathToFileURL(`${folder}/`) });
    expect(warnings).toEqual([
      expect.stringMatching(/^refund\/refund\.bpmn belongs to no registered process/),
    ]);
  });
});
