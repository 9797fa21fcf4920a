/** What a script sees of the activity that runs it. */
export interface ScriptHost {
  /** Variables that the activity sees, and Spin's `S`; each is a global of the script. */
  variables(): ReadonlyMap<string, unknown>;
  /** Facts of the execution by name: `id`, `processInstanceId`, `businessKey`, `currentActivityId`, … */
  fact(name: string): unknown;
  getVariable(name: string): unknown;
  /** All that {@link variables} has, as an object with `size()`. */
  getVariables(): object;
  hasVariable(name: string): boolean;
  setVariable(name: string, value: unknown): void;
  setVariableLocal(name: string, value: unknown): void;
  removeVariable(name: string): void;
}

/** A script that has been parsed. */
export interface CompiledScript {
  readonly source: string;
  /** The value of the last expression. @throws ScriptError with what the script threw, or beyond its time */
  run(host: ScriptHost): unknown;
}
