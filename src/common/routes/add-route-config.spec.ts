import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import { describe, expect, it } from '@jest/globals';
import { AddRouteConfig } from './add-route-config.js';

describe('AddRouteConfig', () => {
  it('keeps what other decorators of the method have added, and adds nothing to other methods', () => {
    class Routes {
      @AddRouteConfig({ a: 1 })
      @AddRouteConfig({ b: 2 })
      both(): void {}

      @AddRouteConfig({ c: 3 })
      other(): void {}
    }
    const configOf = (method: 'both' | 'other'): unknown =>
      Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, Routes.prototype[method]);
    expect(configOf('both')).toEqual({ a: 1, b: 2 });
    expect(configOf('other')).toEqual({ c: 3 });
  });
});
