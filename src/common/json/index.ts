export { canonicalHash, canonicalJson } from './canonical-json.js';
export { copyJson } from './copy-json.js';
export { countJson } from './json-count.js';
export { DANGEROUS_NAMES, isWellFormed, jsonFault } from './json-fault.js';
export { describeKind, isPlainObject, jsonFormFault } from './json-form.js';
export { parseJson, stringifyJson } from './lossless-json.js';
