/** The part of bpmn-moddle that this project uses; the package ships no types. */
declare module 'bpmn-moddle' {
  export interface ModdleElement {
    readonly $type: string;
    readonly $parent?: ModdleElement;
    readonly id?: string;
    /** Reads a property by its qualified or local name, or an attribute without a descriptor. */
    get(name: string): unknown;
  }

  export interface ModdleWarning {
    readonly message: string;
    /** The element with a reference that cannot be resolved. */
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
    /** @param options `lax`: reports unreadable content as warnings and continues, instead of stopping at the first */
    fromXML(xml: string, typeName: string, options: { readonly lax: boolean }): Promise<ModdleResult>;
  }
}
