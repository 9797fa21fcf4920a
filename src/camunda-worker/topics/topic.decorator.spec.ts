import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { Topic, TopicMetadata } from './topic.decorator.js';

const output = z.object({ n: z.number() });

@Topic('order.check', {
  output,
  result: { success: ({ n }) => `n is ${n}`, failure: 'No.' },
  targetSystem: 'Partner',
  originatingSystem: 'Shop',
})
class Handler {}

@Topic('order.charge')
class PlainHandler {}

describe('Topic', () => {
  it('stores the options of a handler', () => {
    const declaration = Reflect.getMetadata(TopicMetadata.KEY, Handler) as {
      successSentence: (o: unknown) => string;
    };
    expect(declaration).toMatchObject({
      topic: 'order.check',
      output,
      failureSentence: 'No.',
      targetSystem: 'Partner',
      originatingSystem: 'Shop',
    });
    expect(declaration.successSentence({ n: 1 })).toBe('n is 1');
  });

  it('names the engine and the API as systems by default', () => {
    expect(Reflect.getMetadata(TopicMetadata.KEY, PlainHandler)).toEqual({
      topic: 'order.charge',
      targetSystem: 'CamundaEngine',
      originatingSystem: 'FastifyAPI',
      file: expect.stringMatching(/topic\.decorator\.spec\.ts$/) as unknown,
    });
  });
});
