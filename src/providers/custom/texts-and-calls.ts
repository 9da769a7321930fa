import { z } from 'zod';
import type { Json } from '../../core/json.ts';
import type {
  ChallengeRequest,
  Channel,
  CheckResult,
  Courier,
  ProviderNeeds,
  StartResult,
} from '../../core/provider.ts';
import { courierProvider } from '../../core/sending/courier-provider.ts';

const textState = z.strictObject({ text: z.json() });

/** The half of a custom provider that delivers texts: Latchkey makes the code, and its state is marked as a text's. */
export class TextHalf {
  readonly #texts: ReturnType<typeof courierProvider>;

  constructor(deliver: Courier['deliver'], needs: ProviderNeeds) {
    const channels: readonly Channel[] = ['sms'];
    const host = new URL(needs.callbackUrl('x')).hostname;
    this.#texts = courierProvider({ ...needs, host, courier: { id: needs.name, channels, deliver } });
  }

  async start(request: ChallengeRequest, keep: (state: Json) => Promise<void>): Promise<StartResult> {
    const result = await this.#texts.start(request, (state) => keep({ text: state }));
    return result.kind === 'started' ? { kind: 'started', state: { text: result.state } } : result;
  }

  /** @returns undefined when the state is not a text's */
  async check(state: Json, answer: string | undefined): Promise<CheckResult | undefined> {
    const own = textState.safeParse(state);
    return own.success ? this.#texts.check(own.data.text as Json, answer) : undefined;
  }
}
