import { RecordingEngine } from './recording.engine.js';
import { DEFINITION, INSTANCE } from './records.js';

/** An engine that has one definition and does nothing. */
export function idleEngine(): RecordingEngine {
  const engine = new RecordingEngine();
  const answers: Readonly<Record<string, unknown>> = {
    'repository.definitions.find': [DEFINITION],
    'repository.findDefinition': DEFINITION,
    'repository.findLatestDefinition': DEFINITION,
    'repository.findDefinitionResource': null,
    'repository.deployments.find': [],
    'repository.findDeployment': null,
    'repository.findResources': [],
    'runtime.startProcessInstance': { ...INSTANCE, variables: new Map() },
    'runtime.findVariables': new Map(),
    'externalTasks.fetchAndLock': { tasks: Promise.resolve([]), cancel: () => {} },
    'tasks.complete': new Map(),
    'tasks.findVariables': new Map(),
    'messages.correlate': [],
    'messages.subscriptions.find': [],
    'externalTasks.findTopicNames': [],
    'history.findInstance': null,
    'history.findTaskLogEntry': null,
    'runtime.findProcessInstance': null,
    'runtime.findActivityInstanceTree': null,
    'runtime.findIncident': null,
    'runtime.findExecution': null,
  };
  for (const [method, answer] of Object.entries(answers)) engine.answer(method, answer);
  for (const service of ['externalTasks', 'tasks', 'jobs']) {
    engine.answer(`${service}.find`, []);
    engine.answer(`${service}.findOne`, null);
  }
  for (const list of ['processInstances', 'incidents', 'variableInstances', 'executions']) {
    engine.answer(`runtime.${list}.find`, []);
  }
  for (const list of ['instances', 'activities', 'variables', 'incidents', 'userTasks', 'taskLog']) {
    engine.answer(`history.${list}.find`, []);
  }
  return engine;
}
