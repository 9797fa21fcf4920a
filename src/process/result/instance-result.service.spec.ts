import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type {
  EngineBpmnModelsService,
  EngineHistoryClient,
  HistoricActivity,
  HistoricInstance,
} from '../../camunda-engine/index.js';
import { readBpmnModel } from '../../common/bpmn-model/index.js';
import { InstanceResultService, type UncaughtError } from './instance-result.service.js';

const INSTANCE: HistoricInstance = {
  id: 'I',
  businessKey: 'c',
  processDefinitionId: 'p:1:x',
  processDefinitionKey: 'p',
  startTime: 's',
  endTime: 'e',
  state: 'COMPLETED',
};

const bpmn = (properties = '', ends = '<endEvent id="end"/>'): string => `<?xml version="1.0"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="urn:t">
<error id="E" name="Out of stock" errorCode="NO_STOCK" camunda:errorMessage="Nothing left"/>
<error id="X" name="Named" errorCode="EXPRESSED" camunda:errorMessage="\${why}"/>
<process id="p" isExecutable="true"><extensionElements><camunda:properties>${properties}</camunda:properties></extensionElements>
<startEvent id="start"/><serviceTask id="work" name="Do it" camunda:type="external" camunda:topic="t"/>${ends}
<sequenceFlow id="f1" sourceRef="start" targetRef="work"/><sequenceFlow id="f2" sourceRef="work" targetRef="end"/>
</process></definitions>`;

const activity = (
  activityId: string,
  activityType: string,
  parent: string | null = 'I',
): HistoricActivity => ({
  id: `${activityId}:1`,
  activityId,
  activityName: null,
  activityType,
  parentActivityInstanceId: parent,
});

const END = activity('end', 'noneEndEvent');

function typed(value: unknown): { readonly type: string; readonly value: string } {
  return typeof value === 'string'
    ? { type: 'String', value }
    : { type: 'Json', value: JSON.stringify(value) };
}

async function read(given: {
  readonly xml?: string | null;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly activities?: readonly HistoricActivity[];
  readonly result?: z.ZodType;
  readonly instance?: HistoricInstance | null;
  readonly bpmnError?: UncaughtError;
}): Promise<unknown> {
  const { xml = bpmn(), variables = {}, activities = [END], result, instance, bpmnError } = given;
  const all: Readonly<Record<string, unknown>> = { correlationId: 'c', ...variables };
  const history = {
    findVariables: async () =>
      Object.entries(all)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => ({
          name,
          ...typed(value),
          processInstanceId: 'I',
        })),
    findLatestActivities: async () => activities,
    getHistoricInstance: async () => (instance === undefined ? INSTANCE : instance),
  } as unknown as EngineHistoryClient;
  const models = {
    of: async () => (xml === null ? null : readBpmnModel(xml)),
  } as unknown as EngineBpmnModelsService;
  const definitions =
    result === undefined ? [] : [{ key: 'p', steps: [], bpmn: new URL('file:///p'), result }];
  const answer = await new InstanceResultService(history, models, definitions).read('c', 'I', bpmnError);
  if (answer.kind === 'unknown') return answer.reason;
  const { outcome } = answer;
  return outcome.status === 'ok' ? outcome.data : [outcome.origin, outcome.errorCode, outcome.error];
}

describe('the result of an instance', () => {
  it('is what the definition names, parsed by it', async () => {
    const result = z.object({ total: z.coerce.number(), when: z.string().default('never') });
    expect(
      await read({
        result,
        variables: { total: '7', other: 1 },
        xml: bpmn('<camunda:property name="result" value="other"/>'),
      }),
    ).toBe('{"total":7,"when":"never"}');
  });

  it('is unknown, with the place, if it does not fit the definition', async () => {
    expect(await read({ result: z.object({ total: z.number() }), variables: { total: 'x' } })).toEqual([
      'no-result',
      'ENDED_WITHOUT_RESULT',
      expect.stringContaining('at "total"'),
    ]);
  });

  it('is what the property of the process names, else the variable "result", else all variables', async () => {
    const property = '<camunda:property name="result" value=" a , b "/>';
    expect(await read({ xml: bpmn(property), variables: { a: 1, result: 2 } })).toBe('{"a":1,"b":null}');
    expect(await read({ variables: { a: 1, result: 2 } })).toBe('2');
    expect(await read({ variables: { a: 1, b: 'x' } })).toBe('{"a":1,"b":"x"}');
    expect(await read({ xml: null, variables: { a: 1 } })).toBe('{"a":1}');
  });

  it('is too large beyond its limit', async () => {
    expect(await read({ variables: { a: 'x'.repeat(1_100_000) } })).toEqual([
      'result-too-large',
      'RESULT_TOO_LARGE',
      expect.stringContaining('a (1100002 bytes)'),
    ]);
  });

  it('is unknown if the history does not have the instance any more', async () => {
    expect(await read({ instance: null })).toContain('removed its history');
  });

  it('is unknown if the history has no variables', async () => {
    expect(await read({ variables: { correlationId: undefined } })).toContain(
      'history level is below "audit"',
    );
  });

  it.each([
    ['E', '', {}, 'NO_STOCK', 'Nothing left'],
    ['E', 'camunda:errorMessageVariable="why"', { why: 'sold out' }, 'NO_STOCK', 'sold out'],
    ['E', 'camunda:errorMessageVariable="why"', {}, 'NO_STOCK', 'Nothing left'],
    ['X', '', {}, 'EXPRESSED', 'Named'],
  ])('is the error %s of an error end event (%s, %p)', async (error, attributes, variables, code, text) => {
    const ends = `<endEvent id="end"><errorEventDefinition errorRef="${error}" ${attributes}/></endEvent>`;
    const activities = [activity('end', 'errorEndEvent')];
    expect(await read({ xml: bpmn('', ends), activities, variables })).toEqual(['bpmn-error', code, text]);
  });

  it('is an error without a code or a model, too', async () => {
    const activities = [activity('end', 'errorEndEvent')];
    expect(await read({ xml: null, activities })).toEqual([
      'bpmn-error',
      'PROCESS_ERROR',
      'The process has ended in the error "end".',
    ]);
  });

  it('is no error of a sub-process that the process itself has caught', async () => {
    const inner = { ...activity('inner', 'errorEndEvent', 'Sub:1'), canceled: true };
    const activities = [END, inner, { ...activity('Sub', 'subProcess'), canceled: true }];
    expect(await read({ activities, variables: { result: 1 } })).toBe('1');
  });

  it('is an error at an end event that the property "errorEndEvents" names', async () => {
    const property = '<camunda:property name="errorEndEvents" value="stop,end"/>';
    expect(await read({ xml: bpmn(property), activities: [activity('end', 'terminateEndEvent')] })).toEqual([
      'bpmn-error',
      'PROCESS_ERROR',
      'The process has ended at "end".',
    ]);
    expect(await read({ activities: [activity('end', 'terminateEndEvent')], variables: { result: 1 } })).toBe(
      '1',
    );
  });

  it('is an error if a BPMN error that nothing catches ended it before its end event', async () => {
    expect(
      await read({ activities: [activity('work', 'serviceTask'), activity('start', 'startEvent')] }),
    ).toEqual(['bpmn-error', 'PROCESS_ERROR', expect.stringContaining('"work"')]);
  });

  it('is no error of an element that another one follows, also within one millisecond and in any order', async () => {
    const at = { startTime: '2026-01-31T10:00:00.000+0000', endTime: '2026-01-31T10:00:00.000+0000' };
    const activities = [
      { ...activity('work', 'serviceTask'), ...at },
      { ...activity('end', 'userTask'), ...at },
    ];
    expect(await read({ activities, variables: { result: 1 } })).toBe('1');
    expect(await read({ activities: activities.reverse(), variables: { result: 1 } })).toBe('1');
  });

  it('is no error of an element that was cancelled, or whose token a terminate end event or an event sub-process took', async () => {
    const cancelled = { ...activity('work', 'serviceTask'), canceled: true };
    expect(await read({ activities: [cancelled], variables: { result: 1 } })).toBe('1');
    const activities = [activity('stop', 'terminateEndEvent'), activity('work', 'serviceTask')];
    expect(await read({ activities, variables: { result: 1 } })).toBe('1');
    const xml = bpmn('', '<endEvent id="end"/><subProcess id="rescue" triggeredByEvent="true"/>');
    const interrupted = [activity('rescue', 'subProcess'), activity('work', 'serviceTask')];
    expect(await read({ xml, activities: interrupted, variables: { result: 1 } })).toBe('1');
  });

  it('has the code that our worker reported only if nothing caught that error', async () => {
    const bpmnError = { code: 'TOO_HEAVY', error: 'Too heavy' };
    expect(await read({ bpmnError, activities: [activity('work', 'serviceTask')] })).toEqual([
      'bpmn-error',
      'TOO_HEAVY',
      'Too heavy',
    ]);
    expect(await read({ bpmnError, variables: { result: 1 } })).toBe('1');
  });

  it.each([
    ['waits', z.object({ a: z.any().refine(async () => true) })],
    ['throws', z.object({ a: z.any() }).transform(({ a }) => (a as { x: { y: number } }).x.y)],
  ])('is unknown for a schema that %s, and harms no other process', async (_, result) => {
    expect(await read({ result, variables: { a: 1 } })).toEqual([
      'no-result',
      'ENDED_WITHOUT_RESULT',
      expect.stringContaining('the schema failed with "'),
    ]);
  });

  it('cuts an error text of any length', async () => {
    const ends =
      '<endEvent id="end"><errorEventDefinition errorRef="E" camunda:errorMessageVariable="why"/></endEvent>';
    const activities = [activity('end', 'errorEndEvent')];
    const [, , error] = (await read({
      xml: bpmn('', ends),
      activities,
      variables: { why: 'x'.repeat(20_000) },
    })) as string[];
    expect(error).toBe(`${'x'.repeat(10_000)}…`);
  });

  it('is no error if the last element of the process leads nowhere', async () => {
    const xml = bpmn('', '<task id="last"/>').replace('targetRef="end"', 'targetRef="last"');
    expect(await read({ xml, activities: [activity('last', 'task')], variables: { result: 1 } })).toBe('1');
  });
});
