import type { Activity, Block, Body, Handler, Trigger } from './block.types.js';
import { isTaken } from './block.types.js';
import {
  and,
  bpmn,
  element,
  end,
  error,
  errorEnd,
  eventGateway,
  eventSubProcess,
  flow,
  io,
  loop,
  onDuration,
  onError,
  onMessage,
  or,
  path,
  process,
  start,
  subProcess,
  task,
  xor,
} from './process.builder.js';

const GATEWAYS = { and, or, xor } as const;

/** Elements with one entry and one exit. */
interface Built {
  readonly xml: readonly string[];
  readonly first: string;
  readonly last: string;
}

/** A BPMN file with the process `p` of this body, and with the processes that it calls. */
export function fileOf(body: Body): string {
  return new BlockBuilder().file(body);
}

/** Variables for the start of `p`. */
export const START_VARIABLES = { path: '', last: 0, trap: 'off' } as const;

class BlockBuilder {
  private readonly messages: string[] = [];
  private readonly called: string[] = [];

  file(body: Body): string {
    const main = process('p', this.body('p', body));
    return bpmn(error('failed', 'FAILED'), ...this.messages, main, ...this.called);
  }

  private body(id: string, { inner, events }: Body): readonly string[] {
    const built = this.build(inner);
    const [begin, finish] = [`${id}Start`, `${id}End`];
    return [
      start(begin),
      ...built.xml,
      end(finish),
      path(begin, built.first),
      path(built.last, finish),
      ...events.map((event) => this.eventSubProcess(event)),
    ];
  }

  private build(block: Block): Built {
    const { id } = block;
    switch (block.kind) {
      case 'activity':
        return this.activity(block);
      case 'catch':
        return single(id, element('intermediateCatchEvent', id, '', this.definition(id, block.on)));
      case 'fragile':
        return single(id, expressionTask(id, "${trap == 'on' ? nosuch : 1}", `done_${id}`));
      case 'sequence':
        return block.blocks.map((one) => this.build(one)).reduce(joined);
      case 'gateway': {
        const gateway = GATEWAYS[block.type];
        const built = block.branches.map((one) => this.build(one));
        const condition = (at: number): string | undefined =>
          block.type === 'and' ? undefined : `\${${String(isTaken(block, at))}}`;
        return {
          xml: [
            gateway(id),
            gateway(`${id}Join`),
            ...built.flatMap((part, at) => [
              ...part.xml,
              flow(id, part.first, condition(at)),
              flow(part.last, `${id}Join`),
            ]),
          ],
          first: id,
          last: `${id}Join`,
        };
      }
      case 'race': {
        const branches = block.events.map(({ event, then }) => joined(this.build(event), this.build(then)));
        const meet = `${id}Meet`;
        return {
          xml: [
            eventGateway(id),
            xor(meet),
            ...branches.flatMap(({ xml, first, last }) => [...xml, flow(id, first), flow(last, meet)]),
          ],
          first: id,
          last: meet,
        };
      }
      case 'repeat':
        return this.repeat(block);
      case 'raise': {
        const [ask, fail, go] = [`${id}Ask`, `${id}Fail`, `${id}Go`];
        return {
          xml: [
            task(id),
            xor(ask),
            errorEnd(fail, 'failed'),
            xor(go),
            flow(id, ask),
            flow(ask, fail, `\${${String(block.throws)}}`),
            flow(ask, go, `\${${String(!block.throws)}}`),
          ],
          first: id,
          last: go,
        };
      }
    }
  }

  /** A sub-process with a counter. The body is also a sub-process, whose `path` distinguishes the rounds. */
  private repeat({ id, times, body }: Extract<Block, { kind: 'repeat' }>): Built {
    const [merge, round, count, again] = [`${id}Merge`, `${id}Round`, `${id}Count`, `${id}Again`];
    const content = [
      start(`${id}Start`),
      xor(merge),
      subProcess(round, this.body(round, { inner: body, events: [] }), io({ path: '${path}.${c}' })),
      expressionTask(count, '${c + 1}', 'c'),
      xor(again),
      end(`${id}End`),
      path(`${id}Start`, merge, round, count, again),
      flow(again, merge, `\${c < ${times}}`),
      flow(again, `${id}End`, `\${c >= ${times}}`),
    ];
    return single(id, subProcess(id, content, io({ c: '${0}' })));
  }

  private activity(activity: Activity): Built {
    const { id, boundaries } = activity;
    const host = single(id, this.work(activity));
    if (boundaries.length === 0) return host;
    const meet = `${id}Meet`;
    return {
      xml: [
        ...host.xml,
        xor(meet),
        flow(id, meet),
        ...boundaries.flatMap((event) => this.boundary(event, id, meet)),
      ],
      first: id,
      last: meet,
    };
  }

  /** The path of an interrupting event joins that of its host; the path of a non-interrupting one has its own end event. */
  private boundary({ id, on, interrupting, then }: Handler, host: string, meet: string): readonly string[] {
    const built = this.build(then);
    const after = interrupting ? meet : `${id}End`;
    const attributes = `attachedToRef="${host}" cancelActivity="${String(interrupting)}"`;
    return [
      element('boundaryEvent', id, attributes, this.definition(id, on)),
      ...built.xml,
      ...(interrupting ? [] : [end(after)]),
      flow(id, built.first),
      flow(built.last, after),
    ];
  }

  private eventSubProcess({ id, on, interrupting, then }: Handler): string {
    const built = this.build(then);
    const content = [
      ...built.xml,
      end(`${id}End`),
      path(`${id}Start`, built.first),
      path(built.last, `${id}End`),
    ];
    return eventSubProcess(id, this.definition(id, on), content, { interrupting });
  }

  private work({ id, work, loop: many, isMapped }: Activity): string {
    const mappings = io(
      {
        ...(many === null ? {} : { path: '${path}/${loopCounter}' }),
        ...(isMapped ? { seen: '${last}' } : {}),
      },
      isMapped ? { [`out_${id}`]: '${seen}' } : {},
    );
    const head = (more = ''): string =>
      `<extensionElements>${mappings}${more}</extensionElements>${many === null ? '' : loop(loopParts(many))}`;
    switch (work.type) {
      case 'external':
        return element('serviceTask', id, `camunda:type="external" camunda:topic="${id}"`, head());
      case 'user':
        return element('userTask', id, '', head());
      case 'receive':
        return element('receiveTask', id, `messageRef="${this.message(id)}"`, head());
      case 'sub':
        return element('subProcess', id, '', head() + this.body(id, work.body).join('\n'));
      case 'call': {
        const key = `${id}Called`;
        this.called.push(process(key, this.body(key, work.body)));
        const given = `<camunda:in source="path" target="path"/><camunda:in source="last" target="last"/>
          <camunda:in sourceExpression="\${'off'}" target="trap"/><camunda:out source="last" target="result_${id}"/>`;
        return element('callActivity', id, `calledElement="${key}"`, head(given));
      }
    }
  }

  private definition(id: string, on: Trigger): string {
    if (on === 'error') return onError('failed');
    return on === 'timer' ? onDuration('PT1H') : onMessage(this.message(id));
  }

  /** A message whose name is unique for each path of the instance. */
  private message(id: string): string {
    this.messages.push(`<message id="${id}Message" name="${id}@\${path}"/>`);
    return `${id}Message`;
  }
}

function single(id: string, xml: string): Built {
  return { xml: [xml], first: id, last: id };
}

function joined(before: Built, after: Built): Built {
  return {
    xml: [...before.xml, ...after.xml, flow(before.last, after.first)],
    first: before.first,
    last: after.last,
  };
}

function expressionTask(id: string, expression: string, resultVariable: string): string {
  return element(
    'serviceTask',
    id,
    `camunda:expression="${expression}" camunda:resultVariable="${resultVariable}"`,
  );
}

function loopParts({
  isSequential,
  count,
  enough,
}: NonNullable<Activity['loop']>): Parameters<typeof loop>[0] {
  return {
    cardinality: String(count),
    sequential: isSequential,
    ...(enough === null ? {} : { completionCondition: `\${nrOfCompletedInstances >= ${enough}}` }),
  };
}
