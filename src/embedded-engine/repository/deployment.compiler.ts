import type { CompiledResource } from '../model/index.js';
import type { CompiledProcess } from '../state/executable-definition.js';

/** Compiles one resource; rejects with the compiler's error for an invalid file. */
export type ResourceCompiler = (name: string, bytes: Buffer) => Promise<CompiledResource>;

/** A resource of a deployment. */
export interface Resource {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Names of BPMN resources, by the suffixes that Camunda deploys. */
const BPMN_NAME = /\.bpmn(20\.xml)?$/;

/** Compiles the BPMN resources of a deployment; other resources are stored unchanged. */
export class DeploymentCompiler {
  constructor(private readonly compileOne: ResourceCompiler) {}

  async compile(resources: readonly Resource[]): Promise<readonly CompiledProcess[]> {
    const compiled = await Promise.all(
      resources
        .filter(({ name }) => BPMN_NAME.test(name))
        .map(async ({ name, bytes }) => ({ name, result: await this.compileOne(name, bytes) })),
    );
    return compiled.flatMap(({ name, result }) =>
      result.processes.map((model) => ({ resource: name, model })),
    );
  }
}
