import type { ModdleElement } from 'bpmn-moddle';

/** An attribute or text as a trimmed string; null where it is absent or blank. */
export function textOf(element: ModdleElement, property: string): string | null {
  const value = element.get(property);
  const text = typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';
  return text === '' ? null : text;
}

/** A Boolean attribute; Camunda's `true` and `false`. */
export function flagOf(element: ModdleElement, property: string): boolean {
  const value = element.get(property);
  return value === true || value === 'true';
}

/** The elements of a list property. */
export function childrenOf(element: ModdleElement, property: string): readonly ModdleElement[] {
  const value = element.get(property);
  return Array.isArray(value) ? value.filter(isElement) : [];
}

/** The element of a single property or a resolved reference. */
export function childOf(element: ModdleElement, property: string): ModdleElement | null {
  const value = element.get(property);
  return isElement(value) ? value : null;
}

/** What stands in `<extensionElements>`; elements of unknown namespaces are left out. */
export function extensionsOf(element: ModdleElement): readonly ModdleElement[] {
  const container = childOf(element, 'extensionElements');
  return container === null ? [] : childrenOf(container, 'values');
}

/** `bpmn:UserTask` as the file spells it: `userTask`. */
export function tagOf(element: ModdleElement): string {
  const local = element.$type.slice(element.$type.indexOf(':') + 1);
  return local.charAt(0).toLowerCase() + local.slice(1);
}

/** Elements of namespaces without a descriptor are plain objects without `get`. */
function isElement(value: unknown): value is ModdleElement {
  return typeof value === 'object' && value !== null && 'get' in value && '$type' in value;
}
