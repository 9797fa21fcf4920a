import type { Route } from '../http/engine.router.js';
import { ok } from '../http/http.types.js';

/** The Camunda release whose REST API the embedded engine implements. */
const CAMUNDA_VERSION = '7.24.0';

/** `GET /version`, `GET /engine`. */
export function engineRoutes(): readonly Route[] {
  return [
    { method: 'GET', path: '/version', handle: () => ok({ version: CAMUNDA_VERSION }) },
    { method: 'GET', path: '/engine', handle: () => ok([{ name: 'default' }]) },
  ];
}
