import { describe, expect, it } from '@jest/globals';
import { until } from '../../common/testing/until.js';
import { createConfiguration } from '../../config/index.js';
import { PostgresNotifications } from './postgres.notifications.js';

describe('PostgresNotifications', () => {
  it('tries again while the file of the CA cannot be read, and does not end the service', async () => {
    const { server } = createConfiguration({
      DB_TYPE: 'postgres',
      DB_HOST: '127.0.0.1',
      DB_NAME: 'service',
      DB_USER: 'service',
      DB_ENCRYPT: 'on',
    }).database;
    const errors: Error[] = [];
    const notifications = new PostgresNotifications({ ...server!, caFile: 'no-such-ca.pem' }, 'channel', {
      onMessage: () => undefined,
      onListening: () => undefined,
      onError: (error) => errors.push(error),
    });
    notifications.open();
    await until(() => errors.length >= 2);
    await notifications.close();
    for (const { message } of errors) expect(message).toContain('ENOENT');
  });
});
