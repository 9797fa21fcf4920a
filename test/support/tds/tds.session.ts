import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { MESSAGE, type TdsMessage } from './tds.packets.js';
import {
  isFederated,
  readLogin,
  readRequest,
  readToken,
  type TdsLogin,
  type TdsRequest,
} from './tds.request.js';
import type { TdsReply, TdsResult, TdsServer } from './tds.server.js';
import {
  DONE,
  DONE_KIND,
  doneToken,
  errorToken,
  federationToken,
  loginAckToken,
  returnStatusToken,
  routingToken,
  sessionTokens,
  type TdsFault,
  transactionToken,
} from './tds.tokens.js';
import { columnsOf, columnsToken, rowToken } from './tds.types.js';
import { TdsWire } from './tds.wire.js';

/** The lowest severity with which the server closes the connection. */
const FATAL_SEVERITY = 20;

/** One connection: its login, then its requests one at a time. */
export class TdsSession {
  /** Number of nested open transactions. */
  depth = 0;
  private readonly wire: TdsWire;
  private transaction = Buffer.alloc(8);
  /** A login that has to send a token. */
  private federated: TdsLogin | null = null;
  private isSetUp = false;
  private isHanging = false;
  private isWaiting = false;

  constructor(
    private readonly socket: Socket,
    private readonly id: number,
    private readonly server: TdsServer,
  ) {
    const { cutAfter = Number.POSITIVE_INFINITY } = server.options;
    this.wire = new TdsWire(socket, cutAfter, (message) => {
      this.receive(message);
    });
  }

  cut(): void {
    this.socket.destroy();
  }

  private receive(message: TdsMessage): void {
    if (this.isHanging) return;
    switch (message.type) {
      case MESSAGE.prelogin:
        this.greet();
        break;
      case MESSAGE.login:
        this.logIn(message);
        break;
      case MESSAGE.token:
        this.server.tokens.push(readToken(message));
        if (this.federated !== null) this.admit(this.federated);
        break;
      case MESSAGE.attention:
        this.attend();
        break;
      default:
        void this.serve(readRequest(message));
    }
  }

  /** Answers PRELOGIN: the version, and whether TLS follows. */
  private greet(): void {
    const { context } = this.server.options;
    const [ON, NOT_SUPPORTED] = [1, 2];
    const version = Buffer.from([16, 0, 0x10, 0, 0, 0]);
    const options = Buffer.from([0, 0, 11, 0, version.length, 1, 0, 17, 0, 1, 0xff]);
    const encryption = Buffer.from([context === undefined ? NOT_SUPPORTED : ON]);
    this.wire.send({ type: MESSAGE.response, data: Buffer.concat([options, version, encryption]) });
    if (context !== undefined) this.wire.secure(context);
  }

  private logIn(message: TdsMessage): void {
    const login = readLogin(message);
    this.server.logins.push(login);
    if (isFederated(message)) {
      this.federated = login;
      this.say(federationToken('https://login.example/tenant', 'https://database.windows.net/'));
      return;
    }
    this.admit(login);
  }

  private admit(login: TdsLogin): void {
    const faults = this.server.backend.login?.(login, this.id) ?? [];
    if (faults.length > 0) {
      this.say(...faults.map(errorToken), doneToken(DONE_KIND.batch, DONE.error));
      this.socket.end();
      return;
    }
    const route = this.server.backend.route?.(login) ?? null;
    this.say(
      loginAckToken(),
      sessionTokens(login.database),
      ...(route === null ? [] : [routingToken(route)]),
      doneToken(DONE_KIND.batch, DONE.final),
    );
  }

  private async serve(request: TdsRequest): Promise<void> {
    if (!this.isSetUp && request.kind === 'batch') {
      this.isSetUp = true;
      this.server.setups.push(request.sql);
      this.say(doneToken(DONE_KIND.batch, DONE.final));
      return;
    }
    const exchange = { ...request, connection: this.id };
    this.server.exchanges.push(exchange);
    this.isWaiting = true;
    this.reply(request, (await this.server.backend.answer?.(exchange)) ?? { results: [] });
  }

  private reply(request: TdsRequest, reply: TdsReply): void {
    if (reply === 'silence') return;
    this.isWaiting = false;
    if (reply === 'hang') this.isHanging = true;
    else if (reply === 'cut') this.cut();
    else if ('faults' in reply) this.fail(request, reply.faults, reply.rollsBack === true);
    else if (request.kind === 'batch' || request.kind === 'rpc') this.tell(request, reply.results);
    else this.turn(request.kind);
  }

  /** The results of a batch or a call. */
  private tell({ kind }: TdsRequest, results: readonly TdsResult[]): void {
    const isCall = kind === 'rpc';
    const each = isCall ? DONE_KIND.inProcedure : DONE_KIND.batch;
    const tokens = results.flatMap(({ rows, columns = columnsOf(rows ?? []), count }, index) => {
      const isLast = !isCall && index === results.length - 1;
      const done = doneToken(each, DONE.count | (isLast ? DONE.final : DONE.more), count);
      if (rows === null) return [done];
      return [columnsToken(columns), ...rows.map((row) => rowToken(columns, row)), done];
    });
    if (isCall) tokens.push(returnStatusToken(), doneToken(DONE_KIND.procedure, DONE.final));
    else if (results.length === 0) tokens.push(doneToken(DONE_KIND.batch, DONE.final));
    this.say(...tokens);
  }

  private fail({ kind }: TdsRequest, faults: readonly TdsFault[], rollsBack: boolean): void {
    const ended = rollsBack && this.depth > 0 ? [transactionToken('rolledBack', this.transaction)] : [];
    if (rollsBack) this.depth = 0;
    const end =
      kind === 'rpc'
        ? [returnStatusToken(), doneToken(DONE_KIND.procedure, DONE.error)]
        : [doneToken(DONE_KIND.batch, DONE.error)];
    this.say(...faults.map(errorToken), ...ended, ...end);
    if (faults.some(({ severity }) => severity >= FATAL_SEVERITY)) this.socket.end();
  }

  /** Begins or ends a transaction; a nested one is part of the outer one. */
  private turn(kind: 'begin' | 'commit' | 'rollback'): void {
    if (kind === 'begin') {
      this.depth += 1;
      if (this.depth === 1) this.transaction = randomBytes(8);
      this.say(transactionToken('begun', this.transaction), doneToken(DONE_KIND.batch, DONE.final));
      return;
    }
    if (this.depth === 0) {
      const message = `The ${kind.toUpperCase()} TRANSACTION request has no corresponding BEGIN TRANSACTION.`;
      this.fail({ kind, sql: '', parameters: [] }, [{ number: 3902, message, severity: 16 }], false);
      return;
    }
    this.depth = kind === 'commit' ? this.depth - 1 : 0;
    const ended = transactionToken(kind === 'commit' ? 'committed' : 'rolledBack', this.transaction);
    this.say(...(this.depth === 0 ? [ended] : []), doneToken(DONE_KIND.batch, DONE.final));
  }

  /** A client cancels its request: the request ends, and then the cancel is acknowledged. */
  private attend(): void {
    if (this.isWaiting) this.say(doneToken(DONE_KIND.batch, DONE.error));
    this.isWaiting = false;
    this.say(doneToken(DONE_KIND.batch, DONE.attention));
  }

  private say(...tokens: readonly Buffer[]): void {
    this.wire.send({ type: MESSAGE.response, data: Buffer.concat(tokens) });
  }
}
