import { describe, expect, it } from '@jest/globals';
import { Contract, type SeenAnswer } from './contract.js';

const contract = new Contract({
  paths: {
    '/things/all': { get: { responses: { 204: {} } } },
    '/things/{id}': {
      get: {
        responses: {
          200: {
            headers: { 'Retry-After': { required: true, schema: { type: 'integer', minimum: 1 } }, ETag: {} },
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } },
          },
          304: {},
          404: { content: { 'application/problem+json': { schema: {} } } },
          500: {
            content: { 'application/json': { schema: {} }, 'application/problem+json': { schema: {} } },
          },
        },
      },
    },
  },
  components: {
    schemas: {
      Thing: {
        type: 'object',
        required: ['n'],
        properties: { n: { type: 'integer' } },
        additionalProperties: false,
      },
      Problem: { type: 'object', required: ['type', 'title', 'status', 'instance'] },
    },
  },
} as ConstructorParameters<typeof Contract>[0]);

function faults(answer: Partial<SeenAnswer>): string[] {
  return contract.faultsOf({
    method: 'GET',
    path: '/things/7?x=1',
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', 'retry-after': '3' },
    body: '{"n":1}',
    ...answer,
  });
}

const problem = (status: number, more: object = {}): Partial<SeenAnswer> => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: JSON.stringify({
    type: 'urn:fastify-camunda:problem:unknown-path',
    title: 'There is nothing at this path',
    status,
    instance: '/things/7',
    ...more,
  }),
});

describe('the contract check of the e2e tests', () => {
  it.each<readonly [string, Partial<SeenAnswer>]>([
    ['what is documented', {}],
    ['a HEAD without a body', { method: 'HEAD' }],
    ['a documented problem', problem(404)],
    ['an answer without a body', { status: 304, headers: {}, body: '' }],
    ['a problem without a route', { ...problem(404, { instance: '/other' }), path: '/other' }],
    ['a problem for another method', { ...problem(404), method: 'DELETE' }],
    ['the documentation itself', { path: '/docs/openapi.json', status: 777 }],
  ])('accepts %s', (_name, answer) => {
    expect(faults(answer)).toEqual([]);
  });

  it.each<readonly [string, Partial<SeenAnswer>, RegExp]>([
    ['a status', { status: 202 }, /GET .* 202: the status is not documented/],
    ['the status of another route', { path: '/things/all' }, /the status is not documented/],
    ['a missing header', { headers: { 'content-type': 'application/json' } }, /Retry-After is missing/],
    [
      'a header that is not valid',
      { headers: { 'content-type': 'application/json', 'retry-after': '0' } },
      /Retry-After is "0"/,
    ],
    [
      'a media type',
      { headers: { 'content-type': 'text/html', 'retry-after': '1' } },
      /text\/html is not documented/,
    ],
    ['a missing member', { body: '{}' }, /must have required property 'n'/],
    ['a further member', { body: '{"n":1,"m":2}' }, /must NOT have additional properties/],
    ['a body that is not JSON', { body: '{' }, /not JSON/],
    [
      'a body of a response without one',
      { status: 304, headers: {}, body: '{}' },
      /a body, but none is documented/,
    ],
    ['the answer for an unknown route', { path: '/other' }, /neither documented nor a problem document/],
    ['a problem with another title', problem(404, { title: 'Else' }), /differs from the table/],
    ['a problem with another status', problem(500), /differs from the table/],
    ['a problem of another path', problem(404, { instance: '/' }), /differs from the table/],
    [
      'a problem with a member missing',
      problem(404, { type: undefined }),
      /must have required property 'type'/,
    ],
  ])('finds %s that is not documented', (_name, answer, fault) => {
    expect(faults(answer).join('\n')).toMatch(fault);
  });
});
