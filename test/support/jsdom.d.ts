/** The part of jsdom that tests use. Its own types would declare the globals of a browser for all sources. */
declare module 'jsdom' {
  export interface PageElement {
    readonly localName: string;
    getAttribute(name: string): string | null;
    getAttributeNames(): string[];
    hasAttribute(name: string): boolean;
  }

  export interface PageWindow {
    readonly document: { querySelectorAll(selector: string): Iterable<PageElement> };
    readonly location: { readonly href: string };
    close(): void;
  }

  export class ResourceLoader {
    fetch(url: string, options: { readonly element?: PageElement }): Promise<Buffer> | null;
  }

  export class VirtualConsole {
    on(event: 'jsdomError', listener: (error: Error) => void): this;
  }

  export class JSDOM {
    constructor(
      html: string,
      options: {
        readonly url: string;
        readonly runScripts: 'dangerously';
        readonly pretendToBeVisual: boolean;
        readonly resources: ResourceLoader;
        readonly virtualConsole: VirtualConsole;
      },
    );
    readonly window: PageWindow;
  }
}
