/** An instruction of a Dockerfile. */
export interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** What the instructions of a stage have set. */
export interface Stage {
  readonly image: string;
  readonly root: string;
  readonly user?: string;
  readonly stopsignal?: string;
  readonly command?: readonly string[];
  readonly healthcheck?: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** The instructions of a Dockerfile; without comments and blank lines. */
export function parseDockerfile(path: string): Instruction[];

/** Runs the steps of a Dockerfile in plain folders: one folder per stage replaces the root of its image. */
export class DockerfileRun {
  constructor(
    context: string,
    folder: string,
    user: { uid: number; gid: number } | null,
    buildArgs?: Readonly<Record<string, string>>,
    variables?: Readonly<Record<string, string>>,
  );
  readonly stage: Stage;
  readonly stages: ReadonlyMap<string, Stage>;
  step(instruction: Instruction): void;
}
