/** What this project uses of bpmn-moddle, which ships no types. */
declare module 'bpmn-moddle' {
  export interface ModdleElement {
    readonly $type: string;
    readonly $parent?: ModdleElement;
    readonly id?: string;
    /** A property by its qualified or local name; also an attribute that no descriptor names. */
    get(name: string): unknown;
  }

  export interface ModdleWarning {
    readonly message: string;
    /** The element that holds a reference which leads nowhere. */
    readonly element?: ModdleElement;
    readonly property?: string;
    readonly value?: string;
  }

  export interface ModdleResult {
    readonly rootElement: ModdleElement;
    readonly warnings: readonly ModdleWarning[];
  }

  export default class BpmnModdle {
    constructor(packages?: Readonly<Record<string, unknown>>);
    /** @param options `lax`: warn of unreadable content and go on, instead of stopping at the first */
    fromXML(xml: string, typeName: string, options: { readonly lax: boolean }): Promise<ModdleResult>;
  }
}
