import { describe, expect, it } from '@jest/globals';
import { compileExpression } from './expression.compiler.js';
import { ExpressionError, ExpressionSyntaxError } from './expression.errors.js';
import type { ExpressionScope } from './expression.types.js';
import { SpinJson } from './spin-json.js';
import { TypedNumber } from './typed-number.js';

const long = (value: number): TypedNumber => new TypedNumber('Long', value);
const double = (value: number): TypedNumber => new TypedNumber('Double', value);

function scopeOf(variables: Readonly<Record<string, unknown>>): ExpressionScope {
  return { has: (name) => Object.hasOwn(variables, name), get: (name) => variables[name] };
}

const VARIABLES: Readonly<Record<string, unknown>> = {
  i: 5,
  big: 2 ** 40,
  short: new TypedNumber('Short', 3),
  d: 2.5,
  whole: double(2),
  s: 'text',
  digits: '12',
  decimal: '1.5',
  yes: true,
  no: false,
  nothing: null,
  undef: undefined,
  blank: '',
  list: ['a', 'b', 3],
  none: [],
  map: { key: 'value', n: 1, inner: { deep: true } },
  jsMap: new Map<unknown, unknown>([
    ['k', 'v'],
    [1, 'one'],
  ]),
  early: new Date(0),
  late: new Date(86_400_000),
  json: new SpinJson({
    name: 'Ann',
    n: 7,
    ok: true,
    items: [1, 2, 'x'],
    none: null,
    part: { a: 1 },
  }),
  longJson: SpinJson.parse('{"id":9007199254740993,"n":[9007199254740993,1]}'),
  $dollar_1: 'd',
  übung: 'ü',
};

function evaluate(text: string): unknown {
  return compileExpression(text).evaluate(scopeOf(VARIABLES));
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : 'not an error';
  }
  return 'no error';
}

describe('compileExpression', () => {
  it.each<[string, unknown]>([
    // text and templates
    ['plain text', 'plain text'],
    // integers beyond the safe range of a number
    ['x${longJson}', 'x{"id":9007199254740993,"n":[9007199254740993,1]}'],
    [
      "x${longJson.prop('m', longJson.prop('id'))}",
      'x{"id":9007199254740993,"n":[9007199254740993,1],"m":9007199254740993}',
    ],
    ["${longJson.prop('id').isNumber()}", true],
    ["${longJson.prop('n').indexOf(longJson.prop('id'))}", 0],
    ['', ''],
    ['a ${i} b #', 'a 5 b #'],
    ['${s}${i}', 'text5'],
    ['#{s}', 'text'],
    ['[${nothing}]', '[]'],
    ['\\${i}', '${i}'],
    ['\\#{i} ${i}', '#{i} 5'],
    ['a\\\\b', 'a\\b'],
    ['$i {i} 5$', '$i {i} 5$'],
    ['x${whole} ${d} ${big}', 'x2.0 2.5 1099511627776'],
    ['x${list} ${map}', 'x[a, b, 3] {key=value, n=1, inner={deep=true}}'],
    ['x${jsMap} ${early}', 'x{k=v, 1=one} Thu Jan 01 00:00:00 UTC 1970'],
    ['x${json.prop("part")} ${yes}', 'x{"a":1} true'],
    ["${'}'}", '}'],
    ['${\'it\\\'s\'} ${"\\"\\\\"}', 'it\'s "\\'],
    // literals and identifiers
    ['${1}', long(1)],
    ['${1.5}', 1.5],
    ['${1.0}', double(1)],
    ['${.5e1}', double(5)],
    ['${true}', true],
    ['${ false }', false],
    ['${null}', null],
    ['${i}', 5],
    ['${ i }', 5],
    ['${nothing}', null],
    ['${undef}', null],
    ['${$dollar_1}', 'd'],
    ['${übung}', 'ü'],
    // arithmetic
    ['${i + 1}', long(6)],
    ['${1 + 2 * 3}', long(7)],
    ['${(1 + 2) * 3}', long(9)],
    ['${10 - 4 - 3}', long(3)],
    ['${7 / 2}', 3.5],
    ['${4 div 2}', double(2)],
    ['${7 mod 4}', long(3)],
    ['${-7 % 7}', long(0)],
    ['${7.5 % 2}', 1.5],
    ['${1 / 0}', Infinity],
    ["${'3' + 4}", long(7)],
    ["${'3.5' + 4}", 7.5],
    ["${'1e2' * 1}", double(100)],
    ['${digits * 2}', long(24)],
    ['${decimal - 0.5}', double(1)],
    ['${nothing + nothing}', long(0)],
    ['${nothing + 1}', long(1)],
    ['${blank + 1}', long(1)],
    ['${-i}', -5],
    ['${-whole}', double(-2)],
    ['${-short}', new TypedNumber('Short', -3)],
    ["${-'4'}", long(-4)],
    ["${-'4.5'}", -4.5],
    ['${-nothing}', long(0)],
    ['${- - 2}', long(2)],
    ['${big + 1}', 2 ** 40 + 1],
    // comparison
    ['${i == 5}', true],
    ['${i eq 5.0}', true],
    ["${i == '5'}", true],
    ["${whole == '2.0'}", true],
    ['${i != 5}', false],
    ['${i ne 6}', true],
    ['${i lt 6 and i gt 4}', true],
    ['${i le 5 && i ge 5}', true],
    ['${i < 5 || i > 5}', false],
    ["${yes == 'TRUE'}", true],
    ["${no == 'whatever'}", true],
    ["${s == 'text'}", true],
    ["${'abc' < 'abd'}", true],
    ["${'10' < 9}", false],
    ["${'10' < '9'}", true],
    ["${'b' >= 'b'}", true],
    ['${nothing == null}', true],
    ['${nothing == 0}', false],
    ["${nothing == ''}", false],
    ['${nothing != 1}', true],
    ['${nothing < 1}', false],
    ['${nothing >= nothing}', true],
    ['${i <= i}', true],
    ['${i < i}', false],
    ['${early < late}', true],
    ['${early == early}', true],
    ['${early == late}', false],
    ['${no < yes}', true],
    ['${0.0 / 0 < 1 or 0.0 / 0 >= 1}', false],
    ['${list == list}', true],
    ['${map == list}', false],
    ['${map.inner == map.inner}', true],
    // logic, choice, empty
    ['${not yes}', false],
    ['${!no and yes}', true],
    ["${'true' and blank}", false],
    ['${yes or missing}', true],
    ['${no and missing}', false],
    ["${i > 3 ? 'big' : 'small'}", 'big'],
    ["${i > 9 ? missing : i > 4 ? 'mid' : 'low'}", 'mid'],
    ['${yes ? 1 : 2} ${no ? 1 : 2}', '1 2'],
    ['${empty blank and empty nothing and empty none}', true],
    ['${empty list or empty map or empty i or empty json}', false],
    ['${not empty jsMap}', true],
    ['${empty map.missing}', true],
    // members
    ['${map.key}', 'value'],
    ["${map['key']}", 'value'],
    ['${map.inner.deep}', true],
    ['${map.missing}', null],
    ['${nothing.anything}', null],
    ['${map[nothing]}', null],
    ['${map.__proto__}', null],
    ["${map['constructor']}", null],
    ['${jsMap.size}', null],
    ['${list[-1]}', null],
    ['${list[1]}', 'b'],
    ["${list['2']}", 3],
    ['${list[9]}', null],
    ['${jsMap.k}', 'v'],
    ['${jsMap[1]}', 'one'],
    ['${jsMap.x}', null],
    ['${late.time}', long(86_400_000)],
    ["${s['empty']}", false],
    // methods
    ["${s.length() == 4 && s.contains('ex') && s.startsWith('te') && s.endsWith('xt')}", true],
    ["${s.toUpperCase().concat('!').toLowerCase()}", 'text!'],
    [
      "${s.indexOf('t')} ${s.lastIndexOf('t')} ${s.charAt(1)} ${s.substring(1)} ${s.substring(1, 3)}",
      '0 3 e ext ex',
    ],
    ["${' a '.trim()}", 'a'],
    ["${' '.isBlank() and ''.isEmpty()}", true],
    ["${'a$b'.replace('$', '$&')}", 'a$&b'],
    ["${s.equals('text') and s.equalsIgnoreCase('TEXT') and not s.equals(5)}", true],
    ["${'a'.compareTo('c')} ${'a'.compareTo('a')} ${'abcd'.compareTo('ab')}", '-2 0 2'],
    ['${list.size()}', 3],
    ["${list.contains('a') and not list.contains('c') and not list.contains('3')}", true],
    // As in Java: a Long never equals an Integer, and 3 is a Long here.
    ['${list.contains(3)} ${list.indexOf(3)} ${i.equals(5)} ${i.equals(i)}', 'false -1 false true'],
    ["${list.get(0)} ${list.indexOf('b')} ${none.isEmpty()}", 'a 1 true'],
    ["${map.size()} ${map.containsKey('key')} ${map.get('n')} ${map.isEmpty()}", '3 true 1 false'],
    ['${jsMap.keySet()} ${jsMap.values()}', '[k, 1] [v, one]'],
    ['${d.intValue()} ${i.doubleValue()} ${d.longValue()}', '2 5.0 2'],
    ['${early.before(late)} ${early.after(late)} ${early.getTime()}', 'true false 0'],
    ['${yes.booleanValue()} ${i.toString()}', 'true 5'],
    ["${s['length']()}", 4],
    // json
    ["${json.prop('name').stringValue()}", 'Ann'],
    ["${json.prop('n').numberValue() + 1}", long(8)],
    ["${json.prop('n').value()}", 7],
    ["${json.prop('ok').boolValue()}", true],
    ["${json.hasProp('name') and not json.hasProp('constructor') and not json.hasProp(1)}", true],
    ["${json.prop('items').elements().size()}", 3],
    ["${json.prop('items').elements()[2].value()}", 'x'],
    ["${json.prop('items').indexOf('x')} ${json.prop('items').contains(9)}", '2 false'],
    [
      "${json.prop('none').isNull()} ${json.prop('items').isArray()} ${json.isObject()} ${json.isValue()}",
      'true true true false',
    ],
    [
      "${json.prop('name').isString()} ${json.prop('n').isNumber()} ${json.prop('ok').isBoolean()}",
      'true true true',
    ],
    [
      "${json.object} ${json.array} ${json.prop('n').number} ${json.prop('none')['null']}",
      'true false true true',
    ],
    ['${json.fieldNames().get(0)}', 'name'],
    ["${json.prop('items').toString()}", '[1,2,"x"]'],
    ["${json.prop('name') == '\"Ann\"'}", true],
    ["${JSON('[1]').elements().size()} ${S('{\"a\":2}').prop('a').value()}", '1 2'],
    ["${json.jsonPath('$.part.a').numberValue()} ${json.jsonPath('items[2]').stringValue()}", '1 x'],
    ["${json.jsonPath('$.ok').boolValue()} ${json.jsonPath('$').element().prop('n')}", 'true 7'],
    [
      "${json.jsonPath('$.items').elementList().size()} ${json.jsonPath('$.none').element().isNull()}",
      '3 true',
    ],
    ['${now().getTime() > 0}', true],
  ])('evaluates %s', (text, expected) => {
    expect(evaluate(text)).toEqual(expected);
  });

  it.each([
    ['${x}', "Unknown property used in expression: ${x}. Cause: Cannot resolve identifier 'x'"],
    ['a ${x} b', "Unknown property used in expression: a ${x} b. Cause: Cannot resolve identifier 'x'"],
    [
      '${s.size}',
      "Unknown property used in expression: ${s.size}. Cause: The class 'java.lang.String' does not have the property 'size'.",
    ],
    ['${i.size}', "The class 'java.lang.Integer' does not have the property 'size'."],
    ['${big.size}', "The class 'java.lang.Long' does not"],
    ['${short.size}', "The class 'java.lang.Short' does not"],
    ['${d.size}', "The class 'java.lang.Double' does not"],
    ['${early.size}', "The class 'java.util.Date' does not"],
    ['${yes.x}', "The class 'java.lang.Boolean' does not have the property 'x'."],
    [
      '${json.name}',
      "The class 'org.camunda.spin.impl.json.jackson.JacksonJsonNode' does not have the property 'name'.",
    ],
    ['${json.text()}', 'Method not found: class org.camunda.spin.impl.json.jackson.JacksonJsonNode.text()'],
    [
      '${s.matches("(a+)+$")}',
      'Unknown method used in expression: ${s.matches("(a+)+$")}. Cause: Method not found: class java.lang.String.matches(java.lang.String)',
    ],
    ['${s.nope(1, d, nothing)}', 'class java.lang.String.nope(java.lang.Long, java.lang.Double, null)'],
    ['${i.booleanValue()}', 'Method not found: class java.lang.Integer.booleanValue()'],
    [
      '${nothing.size()}',
      "Unknown property used in expression: ${nothing.size()}. Cause: Target unreachable, base expression 'nothing' resolved to null",
    ],
    ['${map.missing.size()}', "base expression '. missing' resolved"],
    ["${map['missing'].size()}", "base expression '[...]' resolved"],
    ["${map.get('missing').size()}", "base expression '<method>' resolved"],
    ['${(nothing ? 1 : nothing).size()}', "base expression '(...)' resolved"],
    ['${null.toString()}', "base expression 'null' resolved"],
    ['${map.__proto__.x()}', "base expression '. __proto__' resolved to null"],
    ['${s.constructor}', "The class 'java.lang.String' does not have the property 'constructor'."],
    ['${s.__proto__}', "does not have the property '__proto__'."],
    ['${i.constructor}', "does not have the property 'constructor'."],
    ['${early.constructor}', "does not have the property 'constructor'."],
    ['${json.constructor}', "does not have the property 'constructor'."],
    ['${json.json}', "does not have the property 'json'."],
    ['${s.constructor()}', 'Method not found: class java.lang.String.constructor()'],
    ['${list.__proto__}', 'Cause: For input string: "__proto__"'],
    ['${list.length}', 'Cause: For input string: "length"'],
    [
      '${list.prototype}',
      'Error while evaluating expression: ${list.prototype}. Cause: For input string: "prototype"',
    ],
    ['${map.constructor()}', 'Method not found: class java.util.LinkedHashMap.constructor()'],
    ['${map.toLocaleString()}', 'Method not found: class java.util.LinkedHashMap.toLocaleString()'],
    [
      '${map.hasOwnProperty("key")}',
      'Method not found: class java.util.LinkedHashMap.hasOwnProperty(java.lang.String)',
    ],
    ['${__proto__}', "Cannot resolve identifier '__proto__'"],
    [
      "${'a' + 1}",
      "Error while evaluating expression: ${'a' + 1}. Cause: Cannot coerce 'a' to class java.lang.Long",
    ],
    ["${'a.b' + 1}", "Cannot coerce 'a.b' to class java.lang.Double"],
    ['${yes + 1}', 'Cannot coerce from class java.lang.Boolean to class java.lang.Long'],
    ['${1 and yes}', 'Cannot coerce from class java.lang.Long to class java.lang.Boolean'],
    ['${list + 1}', 'Cannot coerce from class java.util.ArrayList to class java.lang.Long'],
    ['${5 % 0}', '/ by zero'],
    ['${map < 1}', 'Cannot coerce from class java.util.LinkedHashMap to class java.lang.Long'],
    ['${map < list}', "Cannot compare 'class java.util.LinkedHashMap' and 'class java.util.ArrayList'"],
    ['${-list}', "Cannot negate 'class java.util.ArrayList'"],
    ['${list[s]}', 'For input string: "text"'],
    ["${list['2147483648']}", 'For input string: "2147483648"'],
    ['${list[yes]}', 'Cannot coerce from class java.lang.Boolean'],
    ['${list.get(7)}', 'Cause: java.lang.IndexOutOfBoundsException: Index 7 out of bounds for length 3'],
    ['${s.substring(9)}', 'Cause: java.lang.StringIndexOutOfBoundsException: begin 9, end 4, length 4'],
    ['${s.charAt(4)}', 'java.lang.StringIndexOutOfBoundsException: String index out of range: 4'],
    [
      "${json.prop('x')}",
      "Error while evaluating expression: ${json.prop('x')}. Cause: org.camunda.spin.json.SpinJsonPropertyException: SPIN/JACKSON-JSON-01004 Unable to find 'x'",
    ],
    ["${json.prop('__proto__')}", "Unable to find '__proto__'"],
    ['${json.value()}', "01002 Expected 'String/Number/Boolean/Null', got 'OBJECT'"],
    ['${json.elements()}', "01002 Expected 'SpinList', got 'OBJECT'"],
    [
      "${json.prop('n').stringValue()}",
      "org.camunda.spin.json.SpinJsonDataFormatException: SPIN/JACKSON-JSON-01002 Expected 'String', got 'NUMBER'",
    ],
    ["${longJson.prop('id').numberValue()}", '9007199254740993 is beyond ±(2^53 - 1): keep it as a text'],
    ["${longJson.prop('id').value()}", '9007199254740993 is beyond ±(2^53 - 1): keep it as a text'],
    ["${longJson.prop('id').stringValue()}", 'keep it as a text'],
    ["${json.prop('items').numberValue()}", "01002 Expected 'Number', got 'ARRAY'"],
    ["${json.prop('none').boolValue()}", "01002 Expected 'Boolean', got 'NULL'"],
    ["${json.prop('n').fieldNames()}", "01002 Expected 'Array/Object', got 'NUMBER'"],
    ["${json.prop('items').indexOf('q')}", "01004 Unable to find 'q'"],
    ["${json.prop('n').contains('q')}", "01011 Unable to get index from 'NUMBER'. Node is not a list."],
    ["${json.jsonPath('$.none').stringValue()}", "01002 Expected 'String', got 'NULL'"],
    ["${json.jsonPath('$.missing').element()}", '01013 Unable to evaluate JsonPath expression on element'],
    ["${json.jsonPath('$.name.length').element()}", '01013 Unable to evaluate'],
    ["${json.jsonPath('$.items[3]').element()}", '01013 Unable to evaluate'],
    ["${json.jsonPath('$.items.length').element()}", '01013 Unable to evaluate'],
    ["${json.jsonPath('$.part[0]').element()}", '01013 Unable to evaluate'],
    ["${json.jsonPath('$.__proto__').element()}", '01013 Unable to evaluate'],
    ["${json.jsonPath('$.constructor.name').element()}", '01013 Unable to evaluate'],
    ["${json.jsonPath('$..a').element()}", "01014 Unable to compile '$..a'! (only names and indexes"],
    ["${json.jsonPath('').element()}", "01014 Unable to compile ''!"],
    [
      "${json.jsonPath('$.n').nope()}",
      'Method not found: class org.camunda.spin.impl.json.jackson.query.JacksonJsonPathQuery.nope()',
    ],
    ["${JSON('{')}", 'Unable to parse input into json node'],
  ])('fails while evaluating %s', (text, message) => {
    expect(messageOf(() => evaluate(text))).toContain(message);
    expect(() => evaluate(text)).toThrow(ExpressionError);
  });

  it.each([
    ['${', 'found the end of the text, expected an expression'],
    ['${}', "found '}', expected an expression"],
    ['${a', "expected '}'"],
    ['${a b}', "found 'b', expected '}'"],
    ['${a +}', 'expected an expression'],
    ['${(a}', "expected ')'"],
    ['${a[1}', "expected ']'"],
    ['${a.}', 'expected a name'],
    ['${a.1}', "expected '}'"],
    ['${a.empty}', 'expected a name'],
    ['${a ? b}', "expected ':'"],
    ['${f(1,)}', 'expected an expression'],
    ["${'a}", 'a text in quotes does not end'],
    ["${'\\n'}", 'invalid escape sequence'],
    ['${a @ b}', "unexpected character '@'"],
    ['${a = b}', "unexpected character '='"],
    ['${and}', 'expected an expression'],
    ['${a instanceof b}', "expected '}'"],
    ['${unknown(1)}', "Could not resolve function 'unknown'"],
    ['${now(1)}', "Could not resolve function 'now'"],
    ['${a} #{b}', 'in one text'],
  ])('refuses to compile %s', (text, reason) => {
    expect(messageOf(() => compileExpression(text))).toContain(
      `Error while parsing expression: ${text}. Cause: `,
    );
    expect(messageOf(() => compileExpression(text))).toContain(reason);
    expect(() => compileExpression(text)).toThrow(ExpressionSyntaxError);
  });

  it('rejects a long or deeply nested expression instead of exhausting the stack', () => {
    const depth = 100_000;
    expect(() => compileExpression(`\${${'('.repeat(9_000)}1${')'.repeat(9_000)}}`)).toThrow(
      /more than 1000 parts/,
    );
    expect(() => compileExpression(`\${${'!'.repeat(9_000)}a}`)).toThrow(/more than 1000 parts/);
    expect(() => compileExpression(`\${1${'+1'.repeat(5_000)}}`)).toThrow(/more than 1000 parts/);
    expect(messageOf(() => compileExpression(`\${a}${'x'.repeat(depth)}`))).toMatch(/longer than 20000.*/);
    expect(messageOf(() => compileExpression(`\${a}${'x'.repeat(depth)}`)).length).toBeLessThan(1_000);
  });

  it('evaluates an expression as deep as the limit allows', () => {
    expect(evaluate(`\${${'('.repeat(400)}1${')'.repeat(400)}}`)).toEqual(long(1));
  });

  it('prints a list that contains itself only to a limit', () => {
    const loop: unknown[] = [];
    loop.push(loop);
    expect(compileExpression('x${loop}').evaluate(scopeOf({ loop }))).toContain('…');
  });

  it('marks a text without expressions as a literal', () => {
    expect(compileExpression('topic-a')).toMatchObject({ text: 'topic-a', isLiteral: true });
    expect(compileExpression('${topic}')).toMatchObject({ text: '${topic}', isLiteral: false });
    expect(compileExpression('a-${topic}').isLiteral).toBe(false);
  });

  it('treats a key with the name of a prototype member like any other key', () => {
    const map: unknown = JSON.parse('{"__proto__": 1, "a": 2}');
    const text = '${map.keySet()} ${map.__proto__} ${map.constructor}';
    expect(compileExpression(text).evaluate(scopeOf({ map }))).toBe('[__proto__, a] 1 ');
  });

  it('reads a variable from the scope at each evaluation', () => {
    const expression = compileExpression('${n}');
    expect([1, 2].map((n) => expression.evaluate(scopeOf({ n })))).toEqual([1, 2]);
  });
});
