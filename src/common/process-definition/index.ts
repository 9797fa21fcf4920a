export { PROCESS_DEFINITIONS, type ProcessDefinition, stepNameOf, topicOf } from './process-definition.js';
