import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JSDOM, type PageElement, type PageWindow, ResourceLoader, VirtualConsole } from 'jsdom';
import { eventually, RunningService } from '../support/service.js';

type Directives = Readonly<Record<string, readonly string[]>>;

/** The directives of a Content-Security-Policy. */
function parsePolicy(policy: string): Directives {
  return Object.fromEntries(
    policy.split(';').map((directive) => {
      const [name = '', ...sources] = directive.trim().split(/\s+/);
      return [name, sources] as const;
    }),
  );
}

/** Loads only what a policy allows to load, and records the rest. jsdom itself ignores policies. */
class PolicyLoader extends ResourceLoader {
  readonly blocked: string[] = [];

  constructor(
    private readonly origin: string,
    private readonly policy: Directives,
  ) {
    super();
  }

  override fetch(url: string, options: { readonly element?: PageElement }): Promise<Buffer> | null {
    const directive = options.element?.localName === 'script' ? 'script-src' : 'style-src';
    if (new URL(url).origin === this.origin && this.policy[directive]?.includes("'self'") === true) {
      return super.fetch(url, options);
    }
    this.blocked.push(`${directive} ${url}`);
    return null;
  }
}

describe('the page /docs', () => {
  let service: RunningService;
  let policy: Directives;
  let loader: PolicyLoader;
  let window: PageWindow;
  let operations: number;
  const errors: string[] = [];

  beforeAll(async () => {
    service = await RunningService.start();
    const page = await service.get('/docs');
    policy = parsePolicy(page.headers.get('content-security-policy') ?? '');
    loader = new PolicyLoader(service.baseUrl, policy);
    const console = new VirtualConsole();
    console.on('jsdomError', ({ message }: Error) => errors.push(message));
    // An inline script, which the policy forbids, would run here; a test below looks for one.
    const dom = new JSDOM(page.text, {
      url: `${service.baseUrl}/docs`,
      runScripts: 'dangerously',
      pretendToBeVisual: true,
      resources: loader,
      virtualConsole: console,
    });
    ({ window } = dom);
    const { text } = await service.get('/docs/openapi.json');
    const { paths } = JSON.parse(text) as { paths: Record<string, object> };
    operations = Object.values(paths).flatMap((path) => Object.keys(path)).length;
    await eventually(
      () => all('.opblock').length,
      (count) => count >= operations,
    );
  });

  afterAll(async () => {
    window.close();
    await service.destroy();
  });

  const all = (selector: string): PageElement[] => [...window.document.querySelectorAll(selector)];

  it('shows every operation, and its policy blocks nothing that it loads', () => {
    expect(all('.opblock')).toHaveLength(operations);
    expect(loader.blocked).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('runs no inline script', () => {
    expect(policy['script-src']).toEqual(["'self'"]);
    expect(all('script').filter((script) => !script.hasAttribute('src'))).toEqual([]);
    const attributes = all('*').flatMap((element) => element.getAttributeNames());
    expect(attributes.filter((name) => name.startsWith('on'))).toEqual([]);
  });

  it('has images only from its own address and as data', () => {
    const sources = all('img').map((image) => new URL(image.getAttribute('src') ?? '', window.location.href));
    for (const { origin, protocol } of sources) {
      expect(protocol === 'data:' || origin === service.baseUrl).toBe(true);
    }
    expect(policy['img-src']).toEqual(["'self'", 'data:']);
  });

  it('cannot be framed, and calls only the service', () => {
    expect(policy['frame-ancestors']).toEqual(["'none'"]);
    expect(policy['connect-src']).toEqual(["'self'"]);
    expect(policy['default-src']).toEqual(["'none'"]);
  });

  it.each(['/docs/', '/docs/swagger-ui-bundle.js', '/docs/openapi.json'])(
    'has the same policy at %s',
    async (path) => {
      const { status, headers } = await service.get(path);
      expect([status, parsePolicy(headers.get('content-security-policy') ?? '')]).toEqual([200, policy]);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    },
  );

  it('may call the public address that it shows', async () => {
    const other = await RunningService.start({ PUBLIC_BASE_URL: 'https://api.example.com/camunda' });
    try {
      const { headers } = await other.get('/docs');
      expect(parsePolicy(headers.get('content-security-policy') ?? '')['connect-src']).toEqual([
        "'self'",
        'https://api.example.com',
      ]);
    } finally {
      await other.destroy();
    }
  });
});
