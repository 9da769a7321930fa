import { z } from 'zod';
import type { CampaignRules } from '../core/campaigns/campaign-store.ts';
import type { Problem } from '../core/message.ts';
import { posted } from '../core/posted-form.ts';

/** From which number to which each field goes. */
export const campaignRanges = {
  size: [1, 5_000],
  'from-hour': [0, 23],
  'to-hour': [1, 24],
  'remind-days': [1, 90],
  reminders: [0, 10],
  'confirm-days': [30, 1_825],
} as const;

type NumberField = keyof typeof campaignRanges;
const numberFields = Object.keys(campaignRanges) as readonly NumberField[];

/** What is chosen before anybody has chosen. */
export const usualForm = {
  kind: 'invite',
  size: '200',
  'from-hour': '9',
  'to-hour': '16',
  'remind-days': '7',
  reminders: '3',
  'confirm-days': '365',
  groups: '',
  units: '',
  reason: '',
} as const;

export type CampaignForm = { readonly [field in keyof typeof usualForm]: string };

const field = z.string().max(20);
const names = z.string().max(20_000);
const schema = z.strictObject({
  kind: z.enum(['invite', 'confirm']),
  size: field,
  'from-hour': field,
  'to-hour': field,
  'remind-days': field,
  reminders: field,
  'confirm-days': field,
  groups: names,
  units: names,
  reason: z.string().max(500),
});

/** As many groups, or units, as somebody writes down. */
const mostNames = 50;

export interface ReadCampaignForm {
  readonly form: CampaignForm;
  readonly reason: string;
  /** Only to be used when there are no problems. */
  readonly rules: CampaignRules;
  readonly problems: readonly Problem[];
}

/**
 * Reads what was posted.
 * @throws BadRequest when it is not exactly the fields of the form
 */
export function readCampaignForm(body: unknown): ReadCampaignForm {
  const form = posted(schema, body, 'a campaign is exactly the fields of its form');
  const problems: Problem[] = [];
  const numbers = new Map(numberFields.map((name) => [name, numberIn(form[name], campaignRanges[name])]));
  for (const [name, number] of numbers) {
    const [from, to] = campaignRanges[name];
    if (number === undefined) problems.push(problem(name, 'range', { from, to }));
  }
  const lists = { groups: linesOf(form.groups), units: linesOf(form.units) };
  for (const [name, lines] of Object.entries(lists)) {
    if (lines.length > mostNames) problems.push(problem(name, 'many', { most: mostNames }));
  }
  const reason = form.reason.trim();
  if (reason === '') problems.push(problem('reason', 'reason-empty'));
  const number = (name: NumberField): number => numbers.get(name) ?? 0;
  const rules: CampaignRules = {
    kind: form.kind,
    size: number('size'),
    fromHour: number('from-hour'),
    toHour: number('to-hour'),
    remindDays: number('remind-days'),
    reminders: number('reminders'),
    ...(form.kind === 'confirm' ? { confirmDays: number('confirm-days') } : {}),
    groups: lists.groups.slice(0, mostNames),
    units: lists.units.slice(0, mostNames),
  };
  return { form, reason, rules, problems };
}

function numberIn(text: string, [from, to]: readonly [number, number]): number | undefined {
  const number = /^\d{1,5}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return number >= from && number <= to ? number : undefined;
}

function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ''))];
}

function problem(name: string, key: string, values: Readonly<Record<string, number>> = {}): Problem {
  return { field: name, message: { key: `console.campaigns.${key}`, values } };
}
