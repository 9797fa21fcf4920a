/** Access of a script to the activity that runs it. */
export interface ScriptHost {
  /** The variables that the activity sees, and Spin's `S`; each is a global of the script. */
  variables(): ReadonlyMap<string, unknown>;
  /** Properties of the execution by name: `id`, `processInstanceId`, `businessKey`, `currentActivityId`, … */
  property(name: string): unknown;
  getVariable(name: string): unknown;
  /** All {@link variables} as an object with `size()`. */
  getVariables(): object;
  hasVariable(name: string): boolean;
  setVariable(name: string, value: unknown): void;
  setVariableLocal(name: string, value: unknown): void;
  removeVariable(name: string): void;
}

/** A parsed script. */
export interface CompiledScript {
  readonly source: string;
  /**
   * Runs the script and returns the value of its last expression. @throws ScriptError with the script's error, or after
   * its time limit
   */
  run(host: ScriptHost): unknown;
}
