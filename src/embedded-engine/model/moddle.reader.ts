import type { ModdleElement } from 'bpmn-moddle';

/** Reads an attribute or text as a trimmed string; null if it is absent or blank. */
export function textOf(element: ModdleElement, property: string): string | null {
  const value = element.get(property);
  const text = typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';
  return text === '' ? null : text;
}

/** Reads a Boolean attribute, `true` or `false`. */
export function flagOf(element: ModdleElement, property: string): boolean {
  const value = element.get(property);
  return value === true || value === 'true';
}

/** Reads the elements of a list property. */
export function childrenOf(element: ModdleElement, property: string): readonly ModdleElement[] {
  const value = element.get(property);
  return Array.isArray(value) ? value.filter(isElement) : [];
}

/** Reads the element of a single property or a resolved reference. */
export function childOf(element: ModdleElement, property: string): ModdleElement | null {
  const value = element.get(property);
  return isElement(value) ? value : null;
}

/** The children of `<extensionElements>`, without elements of unknown namespaces. */
export function extensionsOf(element: ModdleElement): readonly ModdleElement[] {
  const container = childOf(element, 'extensionElements');
  return container === null ? [] : childrenOf(container, 'values');
}

/** The tag name in the file: `userTask` for `bpmn:UserTask`. */
export function tagOf(element: ModdleElement): string {
  const local = element.$type.slice(element.$type.indexOf(':') + 1);
  return local.charAt(0).toLowerCase() + local.slice(1);
}

/** Elements of namespaces without a descriptor are plain objects without `get`. */
function isElement(value: unknown): value is ModdleElement {
  return typeof value === 'object' && value !== null && 'get' in value && '$type' in value;
}
