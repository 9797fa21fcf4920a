import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { parcelProcess } from '../fixtures/parcel/parcel.process.js';
import { PROCESSES } from '../../src/processes/index.js';
import { RunningService } from '../support/service.js';

interface Operation {
  readonly tags: readonly string[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

interface Content {
  readonly content?: Readonly<
    Record<string, { readonly examples?: Readonly<Record<string, { readonly value: unknown }>> }>
  >;
}

interface Document {
  readonly servers: unknown;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly required?: unknown }>> };
}

describe('the OpenAPI document', () => {
  let service: RunningService;
  let text: string;
  let document: Document;

  beforeAll(async () => {
    const { process: parcel } = parcelProcess();
    service = await RunningService.start({ PUBLIC_BASE_URL: 'https://api.fastify-camunda.org/x' }, [
      ...PROCESSES,
      parcel,
    ]);
    text = (await service.get('/docs/openapi.json')).text;
    document = JSON.parse(text) as Document;
  });

  afterAll(async () => {
    await service.destroy();
  });

  const examplesOf = (content: Content | undefined): unknown[] =>
    Object.values(content?.content?.['application/json']?.examples ?? {}).map(({ value }) => value);

  it('passes the recommended rules of Redocly', async () => {
    const config = await createConfig({ extends: ['recommended'] });
    const problems = await lintFromString({ source: text, absoluteRef: '/openapi.json', config });
    const found = problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]);
    expect(found).toEqual([]);
  });

  it('lists each route once with the server of the clients', () => {
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    expect(new Set(operations.map(({ tags }) => tags.join()))).toEqual(new Set(['process', 'health']));
    expect(document.servers).toEqual([{ url: 'https://api.fastify-camunda.org/x' }]);
  });

  it('requires no variables of a start, and has a valid example for each process', async () => {
    expect(document.components.schemas.StartRequest?.required).toEqual(['processKey']);
    const examples = examplesOf(document.paths['/api/process/start']?.post?.requestBody);
    expect(examples).toEqual([
      { processKey: 'onboard-user', variables: { userId: 'user-123', email: 'user@example.com' } },
      { processKey: 'parcel' },
    ]);
    const answer = await service.post('/api/process/start', examples[0]);
    expect(answer.status).toBe(200);
  });

  it("has the README's responses", () => {
    const readme = Array.from(
      readFileSync('README.md', 'utf8').matchAll(/```http\n[^]*?\n\n(\{[^]*?\n\})\n```/g),
    ).map(([, json]) => JSON.parse(json ?? '') as unknown);
    const responses = document.paths['/api/process/start']?.post?.responses ?? {};
    const shown = ['200', '202', '500'].flatMap((status) => examplesOf(responses[status]));
    expect(shown).toHaveLength(4);
    for (const example of shown) expect(readme).toContainEqual(example);
  });
});
