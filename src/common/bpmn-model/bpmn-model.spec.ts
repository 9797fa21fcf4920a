import { describe, expect, it } from '@jest/globals';
import {
  bpmn,
  element,
  end,
  flow,
  path,
  process,
  start,
  task,
  xor,
} from '../../embedded-engine/testing/process.builder.js';
import { nameOf } from './bpmn-model.js';
import { readBpmnModel } from './bpmn-model.reader.js';

const timer = '<timerEventDefinition><timeDuration>${delay}</timeDuration></timerEventDefinition>';

/** A check, a choice, and after it a task with a boundary timer, or a sub-process. */
const FILE = bpmn(
  '<message id="M" name="${amont}"/>',
  process('order', [
    start(),
    task('Charge'),
    xor('G', 'name="Enough?" default="else"'),
    task(
      'Ship',
      '<camunda:inputOutput><camunda:inputParameter name="x">${weight}</camunda:inputParameter></camunda:inputOutput>',
    ),
    element('boundaryEvent', 'Late', 'attachedToRef="Ship"', timer),
    element(
      'subProcess',
      'Sub',
      '',
      start('inner') +
        element('intermediateCatchEvent', 'Wait', '', '<messageEventDefinition messageRef="M"/>') +
        end('innerEnd') +
        path('inner', 'Wait', 'innerEnd'),
    ),
    end(),
    path('start', 'Charge', 'G'),
    flow('G', 'Ship', '${amount > 5}'),
    flow('G', 'Sub', undefined, 'else'),
    path('Ship', 'end'),
    path('Sub', 'end'),
  ]),
);

describe('the model of a .bpmn', () => {
  it('has its processes and their elements, with the texts that the engine evaluates', async () => {
    const model = await readBpmnModel(FILE);
    expect(model?.processes.map(({ id, isExecutable }) => [id, isExecutable])).toEqual([['order', true]]);
    expect(model?.element('Charge')).toMatchObject({ tag: 'serviceTask', topic: 'Charge', parentId: null });
    expect(model?.element('G__Ship')).toMatchObject({ tag: 'sequenceFlow', texts: ['${amount > 5}'] });
    expect(model?.element('Ship')?.texts).toContain('${weight}');
    expect(model?.element('Late')).toMatchObject({ hasTimer: true, attachedToId: 'Ship' });
    expect(model?.element('Wait')).toMatchObject({ parentId: 'Sub', texts: ['${amont}'] });
  });

  it('finds the elements that a token can reach before a wait state', async () => {
    const ahead = (await readBpmnModel(FILE))?.ahead('Charge').map(({ id }) => id) ?? [];
    expect(ahead.sort()).toEqual(
      ['Charge__G', 'G', 'G__Ship', 'Ship', 'Late', 'else', 'Sub', 'inner', 'inner__Wait', 'Wait', 'Late']
        .filter((id, at, all) => all.indexOf(id) === at)
        .sort(),
    );
    const afterWait = (await readBpmnModel(FILE))?.ahead('Wait').map(({ id }) => id) ?? [];
    expect(afterWait.sort()).toEqual(['Sub__end', 'Wait__innerEnd', 'end', 'innerEnd']);
  });

  it("reads Operaton's namespace like Camunda's, and isExecutable of each process", async () => {
    const file = FILE.replace('camunda.org', 'operaton.org').replace('isExecutable="true"', '');
    const model = await readBpmnModel(file);
    expect([model?.element('Charge')?.topic, model?.processes[0]?.isExecutable]).toEqual(['Charge', null]);
  });

  it('has the properties of a process, and the error that an end event throws', async () => {
    const model = await readBpmnModel(
      bpmn(
        '<error id="E" name="Out of stock" errorCode="NO_STOCK" camunda:errorMessage="Nothing left"/>',
        process('order', [
          '<extensionElements><camunda:properties><camunda:property name="result" value="total, lines"/>' +
            '<camunda:property name="empty"/></camunda:properties></extensionElements>',
          start(),
          element(
            'endEvent',
            'bad',
            '',
            '<errorEventDefinition errorRef="E" camunda:errorMessageVariable="why"/>',
          ),
          element('endEvent', 'bare', '', '<errorEventDefinition/>'),
          end(),
          path('start', 'bad'),
        ]),
      ),
    );
    expect([...(model?.processes[0]?.properties ?? [])]).toEqual([
      ['result', 'total, lines'],
      ['empty', ''],
    ]);
    expect(['bad', 'bare', 'end'].map((id) => model?.element(id)?.thrownError)).toEqual([
      { code: 'NO_STOCK', name: 'Out of stock', message: 'Nothing left', messageVariable: 'why' },
      { code: null, name: null, message: null, messageVariable: null },
      null,
    ]);
  });

  it('is null for an invalid file', async () => {
    expect(await readBpmnModel('no XML')).toBeNull();
    expect(await readBpmnModel('<a/>')).toBeNull();
  });

  it('names an element by its name and its id', () => {
    expect([nameOf({ id: 'G', name: 'Enough?' }), nameOf({ id: 'G', name: null })]).toEqual([
      '"Enough?" (G)',
      '"G"',
    ]);
  });
});
