import { closest, distance } from 'fastest-levenshtein';
import { SECRET_FILES, VARIABLES } from './environment.schema.js';

/** Values of `NODE_ENV` with a meaning here or for tools. */
const NODE_ENVS = ['production', 'development', 'test'] as const;

/** Shorter names of ours are too similar to variables of other programs for a guess. */
const LEAST_LENGTH = 7;

/** Suffixes that are often omitted or added by mistake. */
const UNITS = /_(MS|BYTES|DAYS|SECONDS|S|URL|MAX)$/;

/** Variables that Kubernetes and Docker set for Services and links, proxies of other tools, and suffixes that we do not use. */
const OF_OTHERS = /_SERVICE_(HOST|PORT)|_PORT_\d+_|_(TCP|UDP)(_|$)|_PROXY$|_MIN$|_NAMESPACE$/;

/** The value that Kubernetes sets for `<SERVICE>_PORT`. */
const SERVICE_LINK = /^(tcp|udp|sctp):\/\//i;

const OWN_NAMES = [...Object.keys(VARIABLES), ...SECRET_FILES.values()];

/** The environment without port variables that Kubernetes has set to the address of a Service. */
export function withoutServiceLinks(
  variables: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const links = linkedNames(variables);
  return links.length === 0
    ? variables
    : { ...variables, ...Object.fromEntries(links.map((name) => [name, undefined])) };
}

/**
 * Warns of probable mistakes in an environment: misspelled names, an unknown `NODE_ENV`, and addresses that Kubernetes has
 * set. Values of unknown variables are never shown.
 */
export function adviseOn(variables: Readonly<Record<string, string | undefined>>): string[] {
  return [...misspelled(variables), ...unknownNodeEnv(variables.NODE_ENV), ...serviceLinks(variables)];
}

function misspelled(variables: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(variables).flatMap((name) => {
    const meant = nearestOf(name);
    // If both are set, the right one is used.
    if (meant === null || (variables[meant] ?? '') !== '') return [];
    return [`${name} is not a variable of this service: did you mean ${meant}? ${meant} keeps its default.`];
  });
}

/** The variable that a name was probably meant to be; null if none is similar. */
function nearestOf(name: string): string | null {
  const capital = name.toUpperCase();
  if (capital !== name && name.length >= LEAST_LENGTH && !OF_OTHERS.test(capital))
    return OWN_NAMES.includes(capital) ? capital : null;
  if (OWN_NAMES.includes(name) || OF_OTHERS.test(name) || !/^[A-Z][A-Z0-9_]+$/.test(name)) return null;
  const own = OWN_NAMES.filter(
    (each) => each.length >= LEAST_LENGTH && each.slice(0, 2) === name.slice(0, 2),
  );
  const stem = stemOf(name);
  const sameStem = own.filter((each) => stem.length >= LEAST_LENGTH && stemOf(each) === stem);
  if (sameStem.length > 0) return closest(name, sameStem);
  const begun = own.filter((each) => isLongerWord(each, name) || isLongerWord(name, each));
  if (begun.length === 1) return begun[0] ?? null;
  // Of several, the first one of the list: CAMUNDA_BASE_URL comes before CAMUNDA_TOKEN_URL.
  const shortened = own.find((each) => lacksAWordOf(name, each));
  if (shortened !== undefined) return shortened;
  if (own.length === 0) return null;
  const near = closest(name, own);
  return distance(name, near) <= mostTypos(near) ? near : null;
}

function stemOf(name: string): string {
  return name.replace(UNITS, '');
}

/** `DB_HOSTNAME` of `DB_HOST`, `DB_PASSWORD` of `DB_PASS`; not `DB_PORT_5432` of `DB_PORT`. */
function isLongerWord(long: string, short: string): boolean {
  return short.length >= LEAST_LENGTH && long.startsWith(short) && /^[A-Z]+$/.test(long.slice(short.length));
}

/** `CAMUNDA_URL` of `CAMUNDA_BASE_URL`. */
function lacksAWordOf(name: string, whole: string): boolean {
  const words = whole.split('_');
  return (
    name.length >= LEAST_LENGTH &&
    words.some((_, place) => place > 0 && words.toSpliced(place, 1).join('_') === name)
  );
}

/** Most wrong letters in a name of this length. */
function mostTypos({ length }: string): number {
  if (length < 10) return 1;
  return length < 16 ? 2 : 3;
}

function unknownNodeEnv(value = ''): string[] {
  const text = value.trim();
  if (text === '' || (NODE_ENVS as readonly string[]).includes(text)) return [];
  const small = text.toLowerCase();
  const near = NODE_ENVS.find((each) => each.startsWith(small)) ?? closest(small, NODE_ENVS);
  const isNear = near.startsWith(small) || distance(small, near) <= 2;
  return [
    `NODE_ENV is "${text}", which counts as development${isNear ? `: did you mean "${near}"?` : '.'} Only "production" changes defaults.`,
  ];
}

function serviceLinks(variables: Readonly<Record<string, string | undefined>>): string[] {
  return linkedNames(variables).map((name) => {
    const service = name
      .replace(/_?PORT$/, '')
      .toLowerCase()
      .replaceAll('_', '-');
    const of = service === '' ? 'a Service' : `a Service named "${service}"`;
    return `${name} is the address that Kubernetes sets for ${of}, so it counts as not set. Set a port, or enableServiceLinks: false in the pod.`;
  });
}

/** Port variables whose value is the address of a Service. */
function linkedNames(variables: Readonly<Record<string, string | undefined>>): string[] {
  return OWN_NAMES.filter(
    (name) => /(^|_)PORT$/.test(name) && SERVICE_LINK.test((variables[name] ?? '').trim()),
  );
}
