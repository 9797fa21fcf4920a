import { describeBaseUrl } from '../common/urls/index.js';
import type { Configuration } from './configuration.types.js';
import { Secret } from './secret.js';

/**
 * The configuration for the log: secrets masked, credentials in URLs removed.
 */
export function describeConfiguration(configuration: Configuration): Record<string, unknown> {
  const { database, partners } = configuration;
  const { backgroundCheckUrl, onboardingApiUrl } = partners;
  // The path of a webhook URL may be a secret.
  const withoutPath = (url: string | null) => (url === null ? null : describeBaseUrl(url, 'path'));
  const maskedPaths = {
    backgroundCheckUrl: withoutPath(backgroundCheckUrl),
    onboardingApiUrl: withoutPath(onboardingApiUrl),
  };
  const { server } = database;
  return withoutCredentials({
    ...configuration,
    partners: { ...partners, ...maskedPaths },
    database: {
      ...database,
      server: server === null ? null : { ...server, password: server.password === null ? null : '***' },
    },
  });
}

function withoutCredentials(group: object): Record<string, unknown> {
  const mask = (value: unknown): unknown => {
    if (Array.isArray(value)) return value;
    if (value instanceof Secret) return '***';
    if (typeof value === 'object' && value !== null) return withoutCredentials(value);
    return typeof value === 'string' && /^https?:/i.test(value) ? describeBaseUrl(value) : value;
  };
  return Object.fromEntries(Object.entries(group).map(([name, value]) => [name, mask(value)]));
}
