import { beforeAll, describe, expect, it } from '@jest/globals';
import { EngineMisconfiguredError, EngineResponseError } from '../../camunda-engine/index.js';
import { type BpmnModel, readBpmnModel } from '../../common/bpmn-model/index.js';
import {
  bpmn,
  boundary,
  element,
  end,
  flow,
  path,
  process,
  start,
  task,
  xor,
} from '../../embedded-engine/testing/process.builder.js';
import { describeRefusal } from './refusal-message.js';

const CALL = { method: 'POST', path: '/external-task/0af5/complete' };
const timer = (duration: string) =>
  `<timerEventDefinition><timeDuration>${duration}</timeDuration></timerEventDefinition>`;

/** After the task a choice between a timer, a call and an end; after its error a timer. */
const FILE = bpmn(
  process('order', [
    start(),
    task('Charge'),
    boundary('Declined', 'Charge', null),
    element('intermediateCatchEvent', 'CoolDown', '', timer('${pause}')),
    xor('G', 'name="Enough?"'),
    element('intermediateCatchEvent', 'Wait', 'name="Wait a day"', timer('${delay}')),
    element('callActivity', 'Call', 'calledElement="shipping"'),
    end(),
    path('start', 'Charge', 'G'),
    flow('G', 'Wait', '${amont > 5}'),
    flow('G', 'Call', '${amount.foo()}', 'toCall'),
    path('Wait', 'end'),
    path('Call', 'end'),
    path('Declined', 'CoolDown', 'end'),
  ]),
);

describe("the description of the engine's refusal", () => {
  let model: BpmnModel | null;

  beforeAll(async () => {
    model = await readBpmnModel(FILE);
  });

  const say = (error: Error, errorCode: string | null = null, of: BpmnModel | null = model) =>
    describeRefusal({
      error,
      processKey: 'order',
      stepName: 'charge',
      activityId: 'Charge',
      errorCode,
      model: of,
    });
  const refusal = (message: string) =>
    new EngineResponseError(CALL, 500, 'ProcessEngineException', message, 0);
  const done = 'The step "charge" of "order" succeeded, but the process engine cannot go on ';

  it.each([
    [
      "ENGINE-02004 No outgoing sequence flow for the element with id 'G' could be selected for continuing the process.",
      'at "Enough?" (G): No outgoing',
    ],
    [
      "ENGINE-02006 No conditional sequence flow leaving the Flow Node 'Charge' could be selected for continuing the process.",
      'at "Charge": No conditional',
    ],
    [
      "Unknown property used in expression: ${amont > 5}. Cause: Cannot resolve identifier 'amont'",
      'at "Enough?" (G), flow "G__Wait": Unknown property',
    ],
    [
      'Unknown method used in expression: ${amount.foo()}. Cause: Method not found: class java.lang.Integer.foo()',
      'at "Enough?" (G), flow "toCall": Unknown method',
    ],
    [
      'ENGINE-09027 Exception while resolving duedate \'soon\': Invalid format: "soon"',
      'at "Wait a day" (Wait): Exception while resolving duedate',
    ],
    [
      "Exception while parsing duration 'soon': an ISO 8601 duration is expected, e.g. PT5M",
      'at "Wait a day" (Wait): Exception while parsing',
    ],
    [
      "no processes deployed with key 'shipping' and tenant-id 'null': processDefinition is null",
      'at "Call": no processes deployed',
    ],
    [
      "condition expression returns non-Boolean: ${x} (sequence flow 'toCall')",
      'at "Enough?" (G), flow "toCall": ',
    ],
    ['condition expression returns non-Boolean: result has class java.lang.Integer', 'after it: condition'],
    ['Unknown property used in expression: ${strange}. Cause: no', 'after it: Unknown property'],
    ['', 'after it: it gives no reason.'],
    [
      "ENGINE-03005 Execution of 'INSERT VARIABLE' failed. ### Error: secret",
      'after it: its database refused the change.',
    ],
  ])('names process, step and element: %s', (message, place) => {
    const sentence = say(refusal(message));
    expect(sentence.startsWith(`${done}${place}`)).toBe(true);
    expect(sentence).not.toMatch(/ENGINE-|external-task|secret/);
  });

  it('searches after the boundary events if the step ended with an error', () => {
    const message = "ENGINE-09027 Exception while resolving duedate 'soon': Invalid format";
    expect(say(refusal(message), 'DECLINED')).toMatch(
      /^The step "charge" of "order" ended with the error DECLINED, but .* at "CoolDown": /,
    );
  });

  it("uses the engine's message for a process that is not ours", () => {
    expect(say(refusal("the element with id 'Gate' is stuck"), null, null)).toContain('at "Gate": ');
    expect(say(refusal('Unknown property used in expression: ${a}. Cause: b'), null, null)).toContain(
      'after it',
    );
  });

  it('has no address of the engine if something else failed', () => {
    expect(say(new EngineMisconfiguredError(CALL, 'answered 404', 404))).toBe(
      `${done}after it: it did not accept the call.`,
    );
  });
});
