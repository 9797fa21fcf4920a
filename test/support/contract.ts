import { type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { PROBLEM_MEDIA_TYPE, PROBLEMS } from '../../src/common/errors/index.js';

/** A received answer. */
export interface SeenAnswer {
  readonly method: string;
  /** With or without its query. */
  readonly path: string;
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, number | string | readonly string[] | undefined>>;
  /** Null: a stream; its body is not checked. */
  readonly body: string | null;
}

interface DocumentedResponse {
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>;
  readonly content?: Readonly<Record<string, unknown>>;
}

type Operations = Readonly<
  Record<string, { readonly responses: Readonly<Record<string, DocumentedResponse>> }>
>;

/** The part of an OpenAPI document that describes the answers. */
interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Operations>>;
}

/** Paths that serve the documentation itself. */
const UNDOCUMENTED = /^\/docs(\/|$)/;

const ROOT = 'openapi.json';

/** Checks answers against the OpenAPI document of the service. */
export class Contract {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true, coerceTypes: true });
  private readonly templates: readonly { readonly template: string; readonly pattern: RegExp }[];

  constructor(private readonly document: OpenApiDocument) {
    ajvFormats.default(this.ajv);
    this.ajv.addSchema(document, ROOT);
    const literalFirst = (a: string, b: string): number => a.split('{').length - b.split('{').length;
    this.templates = Object.keys(document.paths)
      .sort(literalFirst)
      .map((template) => ({
        template,
        pattern: new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
      }));
  }

  /** The contract of the service at this address. */
  static async of(baseUrl: string): Promise<Contract> {
    const served = await fetch(`${baseUrl}/docs/openapi.json`);
    return new Contract((await served.json()) as OpenApiDocument);
  }

  /** The differences between an answer and the document; empty if there are none. */
  faultsOf(answer: SeenAnswer): string[] {
    const path = answer.path.split('?', 1)[0] ?? '';
    // Nor has the document an answer to a preflight.
    if (UNDOCUMENTED.test(path) || (answer.method === 'OPTIONS' && answer.status === 204)) return [];
    const method = answer.method === 'HEAD' ? 'get' : answer.method.toLowerCase();
    const { template } = this.templates.find(({ pattern }) => pattern.test(path)) ?? {};
    const responses = template === undefined ? undefined : this.document.paths[template]?.[method]?.responses;
    const faults =
      template === undefined || responses === undefined
        ? this.faultsOfProblem(answer, path)
        : this.faultsOfRoute(answer, path, { template, method, responses });
    return faults.map((fault) => `${answer.method} ${answer.path} ${answer.status}: ${fault}`);
  }

  private faultsOfRoute(
    answer: SeenAnswer,
    path: string,
    route: {
      readonly template: string;
      readonly method: string;
      readonly responses: Readonly<Record<string, DocumentedResponse>>;
    },
  ): string[] {
    const documented = route.responses[answer.status];
    if (documented === undefined) return ['the status is not documented'];
    const pointer = ['paths', route.template, route.method, 'responses', String(answer.status)];
    const faults = this.faultsOfHeaders(answer, documented, pointer);
    const mediaType = mediaTypeOf(answer);
    if (documented.content === undefined) {
      return answer.body ? [...faults, 'a body, but none is documented'] : faults;
    }
    if (documented.content[mediaType] === undefined) return [...faults, `${mediaType} is not documented`];
    if (mediaType === PROBLEM_MEDIA_TYPE) return [...faults, ...this.faultsOfProblem(answer, path)];
    if (answer.body === null || answer.method === 'HEAD') return faults;
    return [...faults, ...this.faultsOfBody(answer.body, [...pointer, 'content', mediaType, 'schema'])];
  }

  private faultsOfHeaders(answer: SeenAnswer, documented: DocumentedResponse, pointer: string[]): string[] {
    return Object.entries(documented.headers ?? {}).flatMap(([name, { required }]) => {
      const value = answer.headers[name.toLowerCase()];
      if (value === undefined) return required === true ? [`the header ${name} is missing`] : [];
      const validate = this.validator([...pointer, 'headers', name, 'schema']);
      return validate(value) ? [] : [`the header ${name} is ${JSON.stringify(value)}`];
    });
  }

  /** The answer for an unknown route is a problem document, like every answer that a route documents as one. */
  private faultsOfProblem(answer: SeenAnswer, path: string): string[] {
    if (mediaTypeOf(answer) !== PROBLEM_MEDIA_TYPE) return ['neither documented nor a problem document'];
    if (answer.body === null || answer.method === 'HEAD') return [];
    const faults = this.faultsOfBody(answer.body, ['components', 'schemas', 'Problem']);
    if (faults.length > 0) return faults;
    const problem = JSON.parse(answer.body) as {
      type: string;
      title: string;
      status: number;
      instance: string;
    };
    const code = problem.type.split(':').at(-1) as keyof typeof PROBLEMS;
    const { status, title } = PROBLEMS[code];
    return problem.status === answer.status &&
      problem.status === status &&
      problem.title === title &&
      problem.instance === path
      ? []
      : [`the problem differs from the table: ${answer.body}`];
  }

  private faultsOfBody(body: string, pointer: readonly string[]): string[] {
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      return [`the body is not JSON: ${body}`];
    }
    const validate = this.validator(pointer);
    return validate(value)
      ? []
      : (validate.errors ?? []).map(
          (error) => `${error.instancePath || '/'} ${error.message ?? error.keyword}: ${body}`,
        );
  }

  private validator(pointer: readonly string[]): ValidateFunction {
    const escaped = pointer.map((part) =>
      encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')),
    );
    const validate = this.ajv.getSchema(`${ROOT}#/${escaped.join('/')}`);
    if (validate === undefined) throw new Error(`The document has no schema at ${pointer.join(' ')}`);
    return validate;
  }
}

function mediaTypeOf({ headers }: SeenAnswer): string {
  const [mediaType = ''] = (headers['content-type'] ?? 'no media type').toString().split(';', 1);
  return mediaType;
}

const contracts = new Map<string, Promise<Contract>>();

/** `fetch` for a service in a separate process; checks the answer against its contract. */
export async function fetchByContract(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, init);
  const { origin, pathname } = new URL(url);
  await assertContract(origin, {
    method: init.method ?? 'GET',
    path: pathname,
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.clone().text(),
  });
  return response;
}

/** @throws Error with all differences from the documentation of the service at this address */
export async function assertContract(origin: string, answer: SeenAnswer): Promise<void> {
  let contract = contracts.get(origin);
  if (contract === undefined) {
    contract = Contract.of(origin);
    contracts.set(origin, contract);
  }
  failOn((await contract).faultsOf(answer));
}

/** @throws Error if there are faults */
export function failOn(faults: readonly string[]): void {
  if (faults.length > 0)
    throw new Error(`The answer differs from the OpenAPI document:\n${faults.join('\n')}`);
}
