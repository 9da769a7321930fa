import type { ConsoleAudit } from '../core/audit/console-audit.ts';
import type { Clock } from '../core/clock.ts';
import { reportedEvents } from '../core/reports/report.ts';
import type { ReportStore } from '../core/reports/report-store.ts';
import type { SendingPrice } from '../core/sending/sending-rules.ts';
import { everyRole, type StaffMember, sightOf } from '../core/staff/staff.ts';
import type { DutyStore } from '../core/stores.ts';
import { isWithin } from '../core/unit.ts';
import type { Answer } from './answer.ts';
import { type ConsoleRouter, OutOfReach, type Visit } from './console-router.ts';
import { coverageOf } from './coverage-plots.ts';
import { plotFile, plotText, type Tongue } from './plot-text.ts';
import { queryOf, type ReportFilter, reportFilter } from './report-filter.ts';
import { gateName } from './report-names.ts';
import { overviewOf, type Plot } from './report-plots.ts';
import { isBehind, overseers, policyChoice, type ReportPolicyNeeds } from './report-policies.ts';

export interface ReportNeeds extends ReportPolicyNeeds {
  readonly reports: ReportStore;
  readonly duties: Pick<DutyStore, 'read'>;
  readonly clock: Clock;
  readonly audit: ConsoleAudit;
  /** What one sending costs, by the name of its provider. */
  readonly prices: ReadonlyMap<string, SendingPrice>;
}

/**
 * The reports: what happened by day, and who is registered. The first are of the whole organisation and for those who
 * oversee it; the second are by unit, and everybody sees the units that their role reaches.
 */
export function reportRoutes(router: ConsoleRouter, needs: ReportNeeds): void {
  router.route({
    method: 'get',
    path: '/reports',
    roles: overseers,
    menu: 'reports',
    async handler(visit) {
      const { filter, policies } = await asked(visit, needs);
      const { plots, gates } = await overview(filter, needs);
      const behind = filter.policy !== undefined && (await isBehind(needs.duties));
      return pageOf('console/reports/overview', { visit, filter, plots, data: { gates, policies, behind } });
    },
  });

  router.route({
    method: 'get',
    path: '/reports/file',
    page: '/reports',
    roles: overseers,
    async handler(visit) {
      const { filter } = await asked(visit, needs);
      return fileOf((await overview(filter, needs)).plots, { visit, filter, audit: needs.audit });
    },
  });

  router.route({
    method: 'get',
    path: '/coverage',
    roles: everyRole,
    menu: 'coverage',
    async handler(visit) {
      const { filter, policies } = await asked(visit, needs);
      const { plots, units } = await coverage(filter, visit.staff, needs);
      return pageOf('console/reports/coverage', { visit, filter, plots, data: { units, policies } });
    },
  });

  router.route({
    method: 'get',
    path: '/coverage/file',
    page: '/coverage',
    roles: everyRole,
    async handler(visit) {
      const { filter } = await asked(visit, needs);
      return fileOf((await coverage(filter, visit.staff, needs)).plots, { visit, filter, audit: needs.audit });
    },
  });
}

function asked({ request, staff }: Visit, needs: ReportNeeds) {
  return policyChoice(reportFilter(request.query, needs.clock.now()), staff, needs);
}

async function overview(filter: ReportFilter, { reports, prices }: ReportNeeds) {
  const counts = await reports.counts(filter, reportedEvents, filter.policy);
  const known = [...counts.map(({ gate }) => gate), filter.gate ?? ''];
  const gates = [...new Set(known)].filter((gate) => gate !== '').sort();
  return { plots: overviewOf(counts, { span: filter, gate: filter.gate, prices }), gates };
}

/** Only of units that the member sees; one that is asked for beyond them holds nobody, whether it is there or not. */
async function coverage(filter: ReportFilter, staff: StaffMember, { reports }: Pick<ReportNeeds, 'reports'>) {
  const sight = sightOf(staff);
  const seen = sight === 'all' ? undefined : sight;
  const { unit, policy } = filter;
  const isSeen = unit === undefined || seen === undefined || seen.some((one) => isWithin(unit, one));
  const within = unit === undefined ? seen : isSeen ? [unit] : [];
  const byUnit = await reports.coverageByUnit(filter, within, policy);
  const all = unit === undefined ? byUnit : await reports.coverageByUnit(filter, seen, policy);
  return {
    plots: coverageOf(await reports.coverage(filter, within, policy), byUnit),
    units: withChosen(
      all.map((one) => one.unit).filter((one) => one !== ''),
      isSeen ? unit : undefined,
    ),
  };
}

/** One that was chosen stays to be seen among the others, also where it has no numbers in this time. */
function withChosen(units: readonly string[], chosen: string | undefined): readonly string[] {
  const isThere = chosen === undefined || units.some((unit) => unit.toLowerCase() === chosen.toLowerCase());
  return isThere ? units : [...units, chosen];
}

function tongueOf({ request }: Visit): Tongue {
  return { translate: request.translate, tag: request.language.tag };
}

function pageOf(
  view: string,
  about: {
    readonly visit: Visit;
    readonly filter: ReportFilter;
    readonly plots: readonly Plot[];
    readonly data: { readonly [name: string]: unknown };
  },
): Answer {
  const { visit, filter, plots, data } = about;
  const { from, to, gate, unit, policy, problems } = filter;
  const tongue = tongueOf(visit);
  return {
    kind: 'page',
    view,
    ...(problems.length === 0 ? {} : { status: 400 }),
    problems,
    data: {
      ...data,
      filter: { from, to, gate, unit, policy },
      query: queryOf({ from, to, gate, unit, policy }),
      plots: plots.map((plot) => plotText(plot, tongue)),
      gateText: (name: string) => {
        const named = gateName(name);
        return 'key' in named ? tongue.translate(named.key) : named.text;
      },
    },
    about: { detail: detailOf(filter) },
  };
}

/** What was asked for, as the audit has it. */
function detailOf({ problems: _, ...asked }: ReportFilter): { readonly [name: string]: string } {
  return asked;
}

/** One plot as a file. That somebody took it is in the audit before the first byte. */
async function fileOf(
  plots: readonly Plot[],
  about: { readonly visit: Visit; readonly filter: ReportFilter; readonly audit: ConsoleAudit },
): Promise<Answer> {
  const { visit, filter, audit } = about;
  const { staff, request, context } = visit;
  const plot = plots.find(({ id }) => id === request.query.plot);
  if (plot === undefined || filter.problems.length > 0) throw new OutOfReach('there is no such report');
  const { from, to, policy } = filter;
  const detail = { format: 'csv', plot: plot.id, ...detailOf(filter) };
  await audit.write('audit.exported', { what: request.path, detail }, { by: staff.id, request: context });
  return {
    kind: 'file',
    name: `latchkey-${plot.id}-${from}-${to}.csv`,
    type: 'text/csv; charset=utf-8',
    body: [...plotFile(plot, tongueOf(visit), policy)].join(''),
  };
}
