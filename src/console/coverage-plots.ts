import type { CoverageSnapshot } from '../core/reports/report-store.ts';
import type { Column, Plot } from './report-plots.ts';

type Numbers = Pick<CoverageSnapshot, 'people' | 'registered' | 'ready'>;

/** Who is registered, over time and by unit. */
export function coverageOf(
  byDay: readonly Omit<CoverageSnapshot, 'unit'>[],
  byUnit: readonly CoverageSnapshot[],
): readonly Plot[] {
  return [
    {
      id: 'coverage',
      kind: 'line',
      rowName: { key: 'console.reports.by.day' },
      columns: [column('people', true), column('registered', true), column('ready', true), share],
      rows: byDay.map((one) => ({
        name: { part: { from: one.day, to: one.day, unit: 'day' } },
        values: [one.people, one.registered, one.ready, shareOf(one)],
      })),
    },
    {
      id: 'units',
      kind: 'across',
      rowName: { key: 'console.reports.unit' },
      columns: [
        column('registered', true),
        column('unregistered', true),
        column('people', false),
        column('ready', false),
        share,
      ],
      rows: byUnit.map((one) => ({
        name: one.unit === '' ? { key: 'console.reports.no-unit' } : { text: one.unit },
        values: [one.registered, one.people - one.registered, one.people, one.ready, shareOf(one)],
      })),
    },
  ];
}

const share: Column = { name: { key: 'console.reports.coverage.share' }, drawn: false, as: 'share' };

function column(name: 'people' | 'registered' | 'unregistered' | 'ready', drawn: boolean): Column {
  return { name: { key: `console.reports.coverage.${name}` }, drawn };
}

function shareOf({ people, registered }: Numbers): number | undefined {
  return people === 0 ? undefined : registered / people;
}
