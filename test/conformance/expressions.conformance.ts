import { describe, expect, it } from '@jest/globals';
import { end, io, path, start, task } from './support/bpmn.js';
import { target, useEngine } from './support/engine.target.js';

const engine = useEngine();

/** What the expressions see. */
const VALUES = {
  i: { type: 'Integer', value: 7 },
  zero: { type: 'Integer', value: 0 },
  l: { type: 'Long', value: 10_000_000_000 },
  d: { type: 'Double', value: 2.5 },
  s: { type: 'String', value: 'text' },
  digits: { type: 'String', value: '12' },
  blank: { type: 'String', value: '' },
  yes: { type: 'Boolean', value: true },
  no: { type: 'Boolean', value: false },
  nothing: { type: 'Null', value: null },
  j: {
    type: 'Json',
    value: '{"n":1,"f":1.5,"s":"x","b":true,"z":null,"a":[1,"two",{"k":"v"}],"o":{"in":"deep"}}',
  },
  list: {
    type: 'Object',
    value: '["a","b"]',
    valueInfo: { objectTypeName: 'java.util.ArrayList', serializationDataFormat: 'application/json' },
  },
  when: { type: 'Date', value: '2030-01-01T00:00:00.000+0000' },
};

/** Type and value of an expression in an input mapping; the message if it fails. */
async function result(expression: string) {
  const escaped = expression.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const process = await engine.process([
    start(),
    task('A', io({ result: escaped })),
    end(),
    path('start', 'A', 'end'),
  ]);
  const { status, body } = await process.launch({ variables: VALUES });
  if (status !== 200) return body.message;
  const { type, value } = (await process.fetchOne('A', { variables: ['result'] })).variables.result!;
  return [type, value];
}

describe('expression', () => {
  it.each<[string, string, unknown]>([
    ['${1}', 'Long', 1],
    ['${1.5}', 'Double', 1.5],
    ['${"a"}', 'String', 'a'],
    ["${'it\\'s'}", 'String', "it's"],
    ['${true}', 'Boolean', true],
    ['${null}', 'Null', null],
    ['#{i}', 'Integer', 7],
    ['plain', 'String', 'plain'],
    ['a ${i} b ${s}', 'String', 'a 7 b text'],
    ['${i}${s}', 'String', '7text'],
    ['${nothing}!', 'String', '!'],
    ['${1 + 2 * 3}', 'Long', 7],
    ['${(1 + 2) * 3}', 'Long', 9],
    ['${7 / 2}', 'Double', 3.5],
    ['${6 / 2}', 'Double', 3],
    ['${7 div 2}', 'Double', 3.5],
    ['${7 % 4}', 'Long', 3],
    ['${7 mod 4}', 'Long', 3],
    ['${i + 1}', 'Long', 8],
    ['${i - 8}', 'Long', -1],
    ['${-i}', 'Integer', -7],
    ['${i * d}', 'Double', 17.5],
    ['${l + 1}', 'Long', 10_000_000_001],
    ['${digits + 1}', 'Long', 13],
    ['${"1.5" + 1}', 'Double', 2.5],
    ['${nothing + 1}', 'Long', 1],
    ['${blank + 1}', 'Long', 1],
    ['${i == 7}', 'Boolean', true],
    ['${i eq 7}', 'Boolean', true],
    ['${i != 7}', 'Boolean', false],
    ['${i ne 7}', 'Boolean', false],
    ['${i < 8}', 'Boolean', true],
    ['${i lt 8}', 'Boolean', true],
    ['${i <= 7}', 'Boolean', true],
    ['${i > 7}', 'Boolean', false],
    ['${i gt 7}', 'Boolean', false],
    ['${i >= 7}', 'Boolean', true],
    ['${i ge 7 and i le 7}', 'Boolean', true],
    ['${d == 2.5}', 'Boolean', true],
    ['${digits == 12}', 'Boolean', true],
    ['${s == "text"}', 'Boolean', true],
    ["${s < 'u'}", 'Boolean', true],
    ['${nothing == null}', 'Boolean', true],
    ['${yes && no}', 'Boolean', false],
    ['${yes || no}', 'Boolean', true],
    ['${yes and !no}', 'Boolean', true],
    ['${not no or no}', 'Boolean', true],
    ['${"true" && yes}', 'Boolean', true],
    ['${nothing || no}', 'Boolean', false],
    ['${yes ? 1 : 2}', 'Long', 1],
    ['${s ? 1 : 2}', 'Long', 2],
    ['${no ? 1 : s}', 'String', 'text'],
    ['${i > 5 ? i > 6 ? "a" : "b" : "c"}', 'String', 'a'],
    ['${empty nothing}', 'Boolean', true],
    ['${empty blank}', 'Boolean', true],
    ['${empty s}', 'Boolean', false],
    ['${empty list}', 'Boolean', false],
    ['${not empty s}', 'Boolean', true],
    ['${list[1]}', 'String', 'b'],
    ['${list.size()}', 'Integer', 2],
    ['${list.contains("a")}', 'Boolean', true],
    ['${list.get(0)}', 'String', 'a'],
    ['${list.isEmpty()}', 'Boolean', false],
    ['${list[9]}', 'Null', null],
    ['${nothing.foo}', 'Null', null],
    ['${1 > null}', 'Boolean', false],
    ['${i == "7"}', 'Boolean', true],
    ['${yes == "true"}', 'Boolean', true],
    ['${s == nothing}', 'Boolean', false],
    ['${digits > 9}', 'Boolean', true],
    ['${digits > "9"}', 'Boolean', false],
    ['${!s}', 'Boolean', true],
    ['${i / zero}', 'Double', 'Infinity'],
    ['a${list}', 'String', 'a[a, b]'],
    ['${d}x', 'String', '2.5x'],
    ['${i / 7}x', 'String', '1.0x'],
    ['${10000000.0 * 10}x', 'String', '1.0E8x'],
    ['${when}', 'Date', '2030-01-01T00:00:00.000+0000'],
    ['${yes}?', 'String', 'true?'],
    ['${s.length()}', 'Integer', 4],
    ['${s.toUpperCase()}', 'String', 'TEXT'],
    ['${s.substring(1)}', 'String', 'ext'],
    ['${s.substring(1, 3)}', 'String', 'ex'],
    ['${s.contains("ex")}', 'Boolean', true],
    ['${s.startsWith("te")}', 'Boolean', true],
    ['${s.endsWith("te")}', 'Boolean', false],
    ['${s.indexOf("x")}', 'Integer', 2],
    ['${s.equals("text")}', 'Boolean', true],
    ['${s.equalsIgnoreCase("TEXT")}', 'Boolean', true],
    ['${s.concat("!")}', 'String', 'text!'],
    ['${s.replace("t", "T")}', 'String', 'TexT'],
    ['${" x ".trim()}', 'String', 'x'],
    ['${blank.isEmpty()}', 'Boolean', true],
    ['${j.prop("n").numberValue()}', 'Integer', 1],
    ['${j.prop("n").value()}', 'Integer', 1],
    ['${j.prop("f").numberValue()}', 'Double', 1.5],
    ['${j.prop("s").stringValue()}', 'String', 'x'],
    ['${j.prop("b").boolValue()}', 'Boolean', true],
    ['${j.prop("z").isNull()}', 'Boolean', true],
    ['${j.hasProp("n")}', 'Boolean', true],
    ['${j.hasProp("q")}', 'Boolean', false],
    ['${j.prop("a").elements().size()}', 'Integer', 3],
    ['${j.prop("a").elements().get(1).stringValue()}', 'String', 'two'],
    ['${j.prop("o").prop("in").stringValue()}', 'String', 'deep'],
    ['${j.prop("a").isArray()}', 'Boolean', true],
    ['${j.jsonPath("$.o.in").stringValue()}', 'String', 'deep'],
    ['${S("{\\"k\\":5}").prop("k").numberValue()}', 'Integer', 5],
    ['${execution.getVariable("i")}', 'Integer', 7],
    ['${execution.hasVariable("nope")}', 'Boolean', false],
    ['${execution.hasVariable("i")}', 'Boolean', true],
    ['${execution.processBusinessKey}', 'Null', null],
    ['${empty execution.getVariable("nope")}', 'Boolean', true],
    ['${when.time > 0}', 'Boolean', true],
    ['${"a,b".split(",")[1]}', 'String', 'b'],
    ['${" x ".strip()}', 'String', 'x'],
    ['${s.repeat(2)}', 'String', 'texttext'],
    ['${s.compareTo("text")}', 'Integer', 0],
    ['${i.toString()}', 'String', '7'],
    ['${d.intValue()}', 'Integer', 2],
    ['${d.longValue()}', 'Long', 2],
    ['${execution.getVariables().size() > 5}', 'Boolean', true],
    ['${execution.variables.size() > 5}', 'Boolean', true],
    ['${execution.getVariableNames().contains("s")}', 'Boolean', true],
    ['${now() != null}', 'Boolean', true],
    ['${dateTime() != null}', 'Boolean', true],
    ['${dateTime().plusDays(1).toDate() > now()}', 'Boolean', true],
    ['${currentUser()}', 'Null', null],
    ['${j.prop("new", "v").prop("new").stringValue()}', 'String', 'v'],
    ['${j.prop("o")}', 'Json', '{"in":"deep"}'],
    ['${j.prop("o").toString()}', 'String', '{"in":"deep"}'],
    ['${j.isObject()}', 'Boolean', true],
    ['${j.prop("n").isNumber()}', 'Boolean', true],
    ['${.5}', 'Double', 0.5],
    ['${1e3}', 'Double', 1000],
    ['${ i }', 'Integer', 7],
    ['${"}"}', 'String', '}'],
    ['a}b', 'String', 'a}b'],
    ['$i {i}', 'String', '$i {i}'],
  ])('%s is %s %p', async (expression, type, value) => {
    expect(await result(expression)).toEqual([type, value]);
  });

  it('matches regular expressions, which the embedded engine does not take: they could hold it up', async () => {
    const answer = await result('${s.matches("t.*")}');
    if (target.startsWith('embedded'))
      expect(answer).toMatch(/Method not found: class java\.lang\.String\.matches/);
    else expect(answer).toEqual(['Boolean', true]);
  });

  it.each<[string, RegExp]>([
    ['${nope}', /Unknown property used in expression: \$\{nope\}\. Cause: Cannot resolve identifier 'nope'$/],
    [
      '${nope.deep}',
      /Unknown property used in expression: \$\{nope\.deep\}\. Cause: Cannot resolve identifier 'nope'$/,
    ],
    ['${i > nope}', /Unknown property used in expression: .*\. Cause: Cannot resolve identifier 'nope'$/],
    [
      '${s.nope()}',
      /Unknown method used in expression: \$\{s\.nope\(\)\}\. Cause: Method not found: class java\.lang\.String\.nope\(\)$/,
    ],
    [
      '${s.nope}',
      /Unknown property used in expression: \$\{s\.nope\}\. Cause: The class 'java\.lang\.String' does not have the property 'nope'\.$/,
    ],
    ['${zero.foo}', /The class 'java\.lang\.Integer' does not have the property 'foo'\.$/],
    ['${s.constructor}', /The class 'java\.lang\.String' does not have the property 'constructor'\.$/],
    ['${j.__proto__}', /does not have the property '__proto__'\.$/],
    [
      '${list.__proto__}',
      /Error while evaluating expression: \$\{list\.__proto__\}\. Cause: For input string: "__proto__"$/,
    ],
    ['${nothing.foo()}', /Target unreachable, base expression 'nothing' resolved to null$/],
    [
      '${s + 1}',
      /Error while evaluating expression: \$\{s \+ 1\}\. Cause: Cannot coerce 'text' to class java\.lang\.(Double|Long)$/,
    ],
    [
      '${s > 1}',
      /Error while evaluating expression: \$\{s > 1\}\. Cause: Cannot coerce 'text' to class java\.lang\.Long$/,
    ],
    ['${yes + 1}', /Cannot coerce from class java\.lang\.Boolean to class java\.lang\.Long$/],
    ['${list + 1}', /Cannot coerce from class java\.util\.ArrayList to class java\.lang\.Long$/],
    ['${i % zero}', /Error while evaluating expression: \$\{i % zero\}\. Cause: \/ by zero$/],
    ['${j.prop("q").stringValue()}', /SPIN\/JACKSON-JSON-01004 Unable to find 'q'$/],
    ['${j.prop("n").stringValue()}', /SPIN\/JACKSON-JSON-01002 Expected 'String', got 'NUMBER'$/],
    ['${list.get(9)}', /Index 9 out of bounds for length 2$/],
    ['${s.substring(9)}', /begin 9, end 4, length 4$/],
  ])('%s fails', async (expression, message) => {
    const outcome = await result(expression);
    expect(outcome).toMatch(message);
  });

  it.each([
    "${'a' += 'b'}",
    '${[1,2]}',
    '${i = 3}',
    '${0x10}',
    '${i}${',
    '#{i} ${i}',
    '${9999999999999999999}',
  ])('%s is refused at deployment', async (expression) => {
    const answer = await engine.refusal([
      start(),
      task('A', io({ result: expression })),
      end(),
      path('start', 'A', 'end'),
    ]);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.body.message).toContain(expression);
  });
});
