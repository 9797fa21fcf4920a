import fc from 'fast-check';

/** A request of the fuzz test. */
export interface DrawnRequest {
  readonly method: string;
  /** Percent-encoded, with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Null: no body. */
  readonly body: string | null;
}

/** The part of a JSON Schema from which values are drawn. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly pattern?: string;
  readonly maxLength?: number;
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema?: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

/** The part of an OpenAPI document from which requests are drawn. */
export interface RequestsDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Few ids, so that requests meet each other's processes. */
const ids = fc.integer({ min: 1, max: 60 }).map((number) => `fuzz-${number}`);

const nested = (depth: number): unknown => {
  let value: unknown = 0;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
};

/** Values that no schema expects. */
const nasty: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    '\0',
    '\ud800',
    'all',
    '__proto__',
    -1,
    2 ** 60,
    1e308,
    0.1,
    true,
    [],
    {},
  ),
  fc.integer({ min: 50, max: 400 }).map(nested),
  fc.integer({ min: 100, max: 20_000 }).map((length) => 'x'.repeat(length)),
  fc.integer({ min: 100, max: 2_000 }).map((length) => Array<number>(length).fill(0)),
  fc.constant(JSON.parse('{"__proto__":{"a":1},"constructor":{"prototype":{}}}') as unknown),
  fc.jsonValue(),
);

/** Requests that the document describes, and mutations of them. */
export function requestsOf(document: RequestsDocument): fc.Arbitrary<DrawnRequest> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  return fc.constantFrom(...operations).chain(({ path, method, operation }) =>
    fc.record({
      method: mostly(fc.constant(method), fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS')),
      path: fc
        .tuple(
          pathOf(path),
          mostly(
            queryOf(operation),
            fc.webQueryParameters().map((query) => `?${query}`),
          ),
        )
        .map(([drawn, query]) => drawn + query),
      headers: headers(operation.requestBody !== undefined),
      body: bodyOf(operation, document),
    }),
  );
}

/** Nine times of ten the first. */
function mostly<T>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: other });
}

function pathOf(template: string): fc.Arbitrary<string> {
  const segment = mostly(
    ids,
    fc.oneof(
      fc.constantFrom('all', '%zz', '%00', '%F0%28', '..', '.', '', 'a'.repeat(1_500), '%2e%2e%2f'),
      fc.string({ unit: 'binary', maxLength: 40 }).map(encode),
    ),
  );
  const parts = template.split(/\{\w+\}/);
  return fc
    .array(segment, { minLength: parts.length - 1, maxLength: parts.length - 1 })
    .map((drawn) => parts.map((part, index) => part + (drawn[index] ?? '')).join(''));
}

function queryOf({ parameters = [] }: Operation): fc.Arbitrary<string> {
  const pairs = parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, schema = {} }) =>
      fc
        .oneof(valuesOf(schema, {}), nasty)
        .map((value) => `${name}=${encode(textOf(value).slice(0, 2_000))}`),
    );
  if (pairs.length === 0) return fc.constant('');
  return fc
    .array(fc.oneof(...pairs), { maxLength: 3 })
    .map((drawn) => (drawn.length === 0 ? '' : `?${drawn.join('&')}`));
}

function headers(hasBody: boolean): fc.Arbitrary<Record<string, string>> {
  const rare = fc.record(
    {
      prefer: fc.constantFrom(
        'wait=0',
        'wait=1',
        'respond-async',
        `wait=${'9'.repeat(30)}`,
        ';;=,"',
        'wait=-1',
      ),
      accept: fc.constantFrom(
        '*/*',
        'application/json',
        'text/event-stream',
        'text/html',
        ';q=',
        'a/b;q=2,*',
      ),
      'if-none-match': fc.constantFrom('*', '"1-1"', 'W/"1-1"', '"', '"a", "b"'),
      'last-event-id': fc.constantFrom('0', '-1', 'x', '9'.repeat(30)),
      'x-request-id': fc.constantFrom('mine', ' ', 'a'.repeat(500), 'ä'),
      'content-encoding': fc.constantFrom('gzip', 'identity'),
      origin: fc.constantFrom('null', 'https://evil.example'),
      'sec-fetch-site': fc.constantFrom('cross-site', 'same-origin', 'x'),
      'x-forwarded-for': fc.constantFrom('1.2.3.4', 'x'.repeat(1_000)),
    },
    { requiredKeys: [] },
  );
  const type = mostly(
    fc.constant('application/json'),
    fc.constantFrom(
      'text/plain',
      'application/json; charset=utf-16',
      'application/x-www-form-urlencoded',
      ';',
      'x',
    ),
  );
  return fc
    .tuple(mostly(fc.constant({}), rare), type)
    .map(([drawn, contentType]) => (hasBody ? { ...drawn, 'content-type': contentType } : drawn));
}

function bodyOf({ requestBody }: Operation, document: RequestsDocument): fc.Arbitrary<string | null> {
  const schema = requestBody?.content['application/json']?.schema;
  if (schema === undefined) return fc.constant(null);
  const valid = valuesOf(schema, document.components.schemas);
  const mutated = fc.tuple(valid, nasty, fc.nat(), fc.nat(3)).map(([value, other, at, how]) => {
    if (typeof value !== 'object' || value === null || how === 3) return other;
    const names = Object.keys(value);
    const name = names[at % Math.max(names.length, 1)] ?? 'a';
    if (how === 0) return { ...value, [name]: other };
    if (how === 1) return Object.fromEntries(Object.entries(value).filter(([each]) => each !== name));
    return { ...value, unknown: other };
  });
  const json = fc.oneof({ weight: 5, arbitrary: valid }, { weight: 4, arbitrary: mutated }).map(textOf);
  return fc.oneof(
    { weight: 9, arbitrary: json },
    {
      weight: 1,
      arbitrary: fc.tuple(json, fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1))),
    },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
    { weight: 1, arbitrary: fc.constant(null) },
  );
}

/** Values of a schema, as far as it is simple; what it does not say is drawn at random. */
function valuesOf(schema: Schema, schemas: Readonly<Record<string, Schema>>): fc.Arbitrary<unknown> {
  const reference = schema.$ref?.split('/').at(-1);
  if (reference !== undefined) return valuesOf(schemas[reference] ?? {}, schemas);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants !== undefined) return fc.oneof(...variants.map((variant) => valuesOf(variant, schemas)));
  const types = [schema.type ?? []].flat();
  const type = types[0];
  if (schema.properties !== undefined || type === 'object') return objectsOf(schema, schemas);
  switch (type) {
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}, schemas), { maxLength: 3 });
    case 'string':
      return fc.string({ maxLength: Math.min(schema.maxLength ?? 30, 30) });
    case 'integer':
      return fc.integer({ min: 0, max: 500 });
    case 'number':
      return fc.double();
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue();
  }
}

/** Names with a meaning get values that lead deep into the service. */
const KNOWN: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  processKey: mostly<unknown>(fc.constant('onboard-user'), fc.string()),
  correlationId: mostly<unknown>(ids, fc.string()),
  variables: mostly<unknown>(
    fc.record({ userId: fc.constantFrom('u', 'fail-u', 'reject-u'), email: fc.emailAddress() }),
    fc.dictionary(fc.string({ maxLength: 20 }), fc.jsonValue(), { maxKeys: 5 }),
  ),
};

function objectsOf(
  { properties = {}, required = [] }: Schema,
  schemas: Readonly<Record<string, Schema>>,
): fc.Arbitrary<unknown> {
  const members = Object.fromEntries(
    Object.entries(properties).map(
      ([name, member]) => [name, KNOWN[name] ?? valuesOf(member, schemas)] as const,
    ),
  );
  const requiredKeys = required.filter((name) => members[name] !== undefined);
  return fc.record(members, { requiredKeys });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Percent-encodes the UTF-8 of a text; a lone surrogate becomes U+FFFD. */
function encode(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}
