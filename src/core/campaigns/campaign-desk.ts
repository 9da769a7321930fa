import { randomBytes } from 'node:crypto';
import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Directory } from '../directory.ts';
import type { Problem } from '../message.ts';
import type { Campaign, CampaignRules, CampaignStore } from './campaign-store.ts';

export interface CampaignDeskNeeds {
  readonly store: CampaignStore;
  readonly directory: Pick<Directory, 'findGroup' | 'findUnit'>;
  readonly clock: Clock;
  /** Whether any provider carries mail. */
  readonly canMail: boolean;
  /** Told that there is something to write. */
  readonly wake: () => void;
}

/** Campaigns as those see them who start and stop them. */
export class CampaignDesk {
  readonly #needs: CampaignDeskNeeds;

  constructor(needs: CampaignDeskNeeds) {
    this.#needs = needs;
  }

  /**
   * What speaks against rules before they are used, each at its field, and the same rules as the directory spells them.
   */
  async examine(
    wish: CampaignRules,
  ): Promise<{ readonly rules: CampaignRules; readonly problems: readonly Problem[] }> {
    const { directory, canMail, store } = this.#needs;
    const problems: Problem[] = canMail ? [] : [{ message: { key: 'console.campaigns.no-mail' } }];
    const groups: string[] = [];
    for (const name of wish.groups) {
      const group = await directory.findGroup(name);
      if (group === undefined) problems.push(at('groups', 'no-group', name));
      else if (group.cyclic) problems.push(at('groups', 'cyclic-group', name));
      else groups.push(group.name);
    }
    const units: string[] = [];
    for (const path of wish.units) {
      const unit = await directory.findUnit(path);
      if (unit === undefined) problems.push(at('units', 'no-unit', path));
      else units.push(unit.path);
    }
    if (wish.fromHour >= wish.toHour) problems.push(at('to-hour', 'hours'));
    const running = await store.running();
    if (running.some(({ rules }) => rules.kind === wish.kind)) problems.push(at('kind', 'runs'));
    return { rules: { ...wish, groups, units }, problems };
  }

  /** Undefined when one of the same kind runs already. */
  async start(
    rules: CampaignRules,
    by: { readonly id: string; readonly name: string },
  ): Promise<Pick<Campaign, 'id'> | undefined> {
    const { store, clock, wake } = this.#needs;
    const id = randomBytes(9).toString('base64url');
    const isNew = await store.create({ id, rules, by: by.id, byName: by.name, startedAt: clock.now() });
    if (!isNew) return undefined;
    wake();
    return { id };
  }

  /** No letter is written any more, and those that wait are dropped. False when it did not run. */
  stop(id: string): Promise<boolean> {
    return this.#needs.store.end(id, 'stopped', this.#needs.clock.now());
  }

  async optOut(account: Account, by: string): Promise<void> {
    const { store, clock } = this.#needs;
    await store.optOut({ account: account.id, name: account.name, by, at: clock.now() });
  }
}

function at(field: string, key: string, name = ''): Problem {
  return { field, message: { key: `console.campaigns.${key}`, values: { name } } };
}
