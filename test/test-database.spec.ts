import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createTestDatabase } from './db/server.mjs';
import { CapturedMssql, serverError } from './support/tds/captured.mssql.js';

let capture: CapturedMssql;
const kept = { ...process.env };

beforeEach(async () => {
  capture = await CapturedMssql.open();
  Object.assign(process.env, {
    TEST_MSSQL_HOST: '127.0.0.1',
    TEST_MSSQL_PORT: String(capture.server.port),
    TEST_MSSQL_PASSWORD: 'secret',
    TEST_MSSQL_ENCRYPT: 'off',
  });
});

afterEach(async () => {
  process.env = { ...kept };
  await capture.close();
});

const said = (): string[] => capture.take().map(({ sql }) => sql.replace(/_[0-9a-f]{8}\b/, ''));

it('a database for tests is created with the settings of the guide, and dropped', async () => {
  const database = await createTestDatabase('mssql');
  expect(said()).toEqual([
    'CREATE DATABASE fastify_camunda_test',
    'ALTER DATABASE fastify_camunda_test SET READ_COMMITTED_SNAPSHOT ON',
  ]);
  await database.drop();
  expect(said().at(-1)).toBe('DROP DATABASE fastify_camunda_test');
});

it('a database for tests is dropped if its setup fails', async () => {
  capture.answer = ({ sql }) => (sql.includes('READ_COMMITTED') ? serverError(5069, 16) : undefined);
  await expect(createTestDatabase('mssql')).rejects.toThrow('error 5069');
  expect(said().at(-1)).toBe('DROP DATABASE fastify_camunda_test');
});
