import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type HandlerTask, RetryableTaskError } from '../../camunda-worker/index.js';
import { ATTEMPT_HEADER, type Partners, PARTNERS } from './partners.js';

/** Answer of `POST <BACKGROUND_CHECK_URL>/background-checks`. */
const backgroundCheckSchema = z.object({ cleared: z.boolean(), reason: z.string().optional() });

/** Answer of `POST <ONBOARDING_API_URL>/onboardings`. */
export const onboardingSchema = z.object({ success: z.boolean(), userId: z.string() });

/** An endpoint of a partner; the configured base URL may have secrets in its path. */
interface Endpoint {
  readonly url: URL;
  /** Name in messages for clients. */
  readonly name: string;
  readonly redact: readonly RegExp[];
}

/** Keeps the query of the base URL: some gateways expect a key or a version there. */
function endpointOf(base: string, name: string): Endpoint {
  const url = new URL(base);
  const basePath = url.pathname.replace(/\/+$/, '');
  url.pathname = `${basePath}${name}`;
  return { url, name, redact: basePath === '' ? [] : [startOf(basePath)] };
}

function startOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?=/)`);
}

/** Calls the partners of onboard-user on behalf of a task. */
@Injectable()
export class PartnersClient {
  constructor(@Inject(PARTNERS) private readonly partners: Partners) {}

  /** Requests a background check of the user. @throws HttpCallError, RetryableTaskError */
  checkBackground(userId: string, task: HandlerTask): Promise<z.output<typeof backgroundCheckSchema>> {
    return this.call(
      endpointOf(this.partners.backgroundCheckUrl, '/background-checks'),
      { userId },
      task,
      backgroundCheckSchema,
    );
  }

  /** Onboards the user. @throws HttpCallError, RetryableTaskError */
  onboard(
    user: { readonly userId: string; readonly email: string | null },
    task: HandlerTask,
  ): Promise<z.output<typeof onboardingSchema>> {
    return this.call(
      endpointOf(this.partners.onboardingApiUrl, '/onboardings'),
      user,
      task,
      onboardingSchema,
    );
  }

  private async call<S extends z.ZodType>(
    { url, name, redact }: Endpoint,
    json: unknown,
    task: HandlerTask,
    answer: S,
  ): Promise<z.output<S>> {
    const { body } = await task.http.post(url, json, {
      headers: { [ATTEMPT_HEADER]: String(task.attempt) },
      // A task keeps its id over retries and redelivery, so the partner can recognise a repeated call.
      idempotencyKey: task.taskId,
      name,
      redact,
    });
    const parsed = answer.safeParse(body);
    if (parsed.success) return parsed.data;
    // The partner's answer is recorded in the trail only; clients just read that it was not understood.
    throw new RetryableTaskError(`The partner's answer to ${name} has an unexpected form.`, {
      cause: parsed.error,
    });
  }
}
