/** A separate Redis server on a loopback port, without persistence. */
export interface RedisServer {
  readonly host: string;
  readonly port: number;
  /** `redis://host:port` */
  readonly url: string;
  readonly isRunning: boolean;
  /** The end of its log. */
  readonly output: string;
  /** Starts the server on its port, also after a stop; its data is empty then. */
  start(): Promise<void>;
  /** Ends the server with SIGKILL: its connections are reset and its data is lost. */
  stop(): Promise<void>;
  /** Stops the process with SIGSTOP: connections stay open, and nothing is answered. */
  pause(): void;
  /** Continues a paused server. */
  resume(): void;
  /** Ends the server and removes its folder. */
  remove(): Promise<void>;
}

/** Whether `redis-server` is in PATH. */
export function hasRedis(): boolean;

/**
 * Starts a server on a free loopback port.
 *
 * @param parameters more command line parameters, such as `--requirepass` and a password
 * @throws Error if Redis is not installed
 */
export function startRedis(parameters?: readonly string[]): Promise<RedisServer>;

/**
 * Starts a Sentinel on a free loopback port.
 *
 * @param configuration the content of its file, such as `sentinel monitor main 127.0.0.1 6379 1`
 * @throws Error if Redis is not installed
 */
export function startSentinel(configuration: string): Promise<RedisServer>;
