import { z } from 'zod';
import type { Message } from '../core/message.ts';
import type { Policy } from '../core/policies/policy.ts';
import { posted } from '../core/posted-form.ts';
import { type CsvCell, csvLine, csvStart } from '../core/reports/csv.ts';
import type { StaffMember } from '../core/staff/staff.ts';
import { asJson, type Simulation, type SimulationNeeds, simulate } from '../core/survey/simulation.ts';
import type { Answer } from './answer.ts';
import { type ConsoleRouter, OutOfReach, type Visit } from './console-router.ts';
import { type JobNeeds, jobNamed, jobReaders } from './job-routes.ts';

/** The lists that can be tried. */
export interface TriedLists {
  present(): Promise<readonly Policy[]>;
  /**
   * What a member of staff writes and has not saved; undefined when there is none, or when it cannot be read. Left out
   * where the list is pinned in the file: nobody writes another there.
   */
  draft?(staffId: string): Promise<readonly Policy[] | undefined>;
  /** Why a draft cannot be tried on anybody, such as a group that the directory does not have; none when it can. */
  trouble(policies: readonly Policy[]): Promise<readonly Message[]>;
}

export interface SimulatorNeeds extends JobNeeds {
  readonly lists: TriedLists;
  readonly simulation: SimulationNeeds;
}

const kind = 'simulation';
const path = '/simulator';
const mostShown = 10;
const startForm = z.strictObject({ list: z.enum(['present', 'draft']) });

/** What the policies in force, or a draft of them, do to everybody: tried in the background, on live data. */
export function simulatorRoutes(router: ConsoleRouter, needs: SimulatorNeeds): void {
  router.route({
    method: 'get',
    path,
    roles: jobReaders,
    menu: 'simulator',
    handler: ({ staff }) => startPage(needs, staff),
  });

  router.route({
    method: 'post',
    path,
    roles: ['administrator'],
    once: true,
    handler: (visit) => start(needs, visit),
  });

  router.route({
    method: 'get',
    path: `${path}/:job`,
    roles: jobReaders,
    async handler({ request }) {
      const job = await simulationNamed(needs, request.params.job);
      if (job.found === undefined) return { kind: 'go', to: `/jobs/${job.id}` };
      return { kind: 'page', view: 'console/simulation', data: { ...job }, about: { detail: { job: job.id } } };
    },
  });

  router.route({
    method: 'get',
    path: `${path}/:job/people.csv`,
    page: `${path}/:job`,
    roles: jobReaders,
    fresh: true,
    async handler({ request }) {
      const { id, found } = await simulationNamed(needs, request.params.job);
      return csvFile('stranded.csv', { job: id, rows: peopleRows(finished(found)) });
    },
  });

  router.route({
    method: 'get',
    path: `${path}/:job/units.csv`,
    page: `${path}/:job`,
    roles: jobReaders,
    async handler({ request }) {
      const { id, found } = await simulationNamed(needs, request.params.job);
      return csvFile('units.csv', { job: id, rows: unitRows(finished(found)) });
    },
  });
}

async function startPage({ jobs, lists }: SimulatorNeeds, staff: StaffMember): Promise<Page> {
  const recent = (await jobs.recent()).filter((job) => job.kind === kind).slice(0, mostShown);
  const isActor = staff.roles.includes('administrator');
  const hasDraft = isActor && (await lists.draft?.(staff.id)) !== undefined;
  return { kind: 'page', view: 'console/simulator', data: { recent, isActor, hasDraft } };
}

async function start(needs: SimulatorNeeds, visit: Visit): Promise<Answer> {
  const { jobs, lists, audit, simulation } = needs;
  const { request, staff, context } = visit;
  const { list } = posted(startForm, request.body, 'a simulation is of one list');
  const draft = list === 'draft' ? await lists.draft?.(staff.id) : undefined;
  if (list === 'draft' && draft === undefined)
    return { kind: 'go', to: path, notice: { key: 'console.simulator.no-draft' } };
  const trouble = draft === undefined ? [] : await lists.trouble(draft);
  if (trouble.length > 0) {
    return { ...(await startPage(needs, staff)), status: 422, problems: trouble.map((message) => ({ message })) };
  }
  const own = await jobs.running(kind, staff.id);
  if (own !== undefined) return { kind: 'go', to: `/jobs/${own.id}`, notice: { key: 'console.jobs.yours' } };
  const present = await lists.present();
  const deed = { what: path, detail: { list } };
  await audit.write('console.act', deed, { by: staff.id, request: context });
  const plan = { present, ...(draft === undefined ? {} : { draft }) };
  const job = await jobs.start(kind, staff, async (report, signal) =>
    asJson(await simulate(simulation, plan, { report, signal })),
  );
  if (job === undefined) return { kind: 'go', to: path, notice: { key: 'console.jobs.busy' } };
  return { kind: 'go', to: `/jobs/${job.id}` };
}

type Page = Extract<Answer, { kind: 'page' }>;

interface NamedSimulation {
  readonly id: string;
  readonly byName: string;
  /** Undefined while it runs, and when it did not come to its end. */
  readonly found: Simulation | undefined;
}

async function simulationNamed({ jobs }: SimulatorNeeds, id: unknown): Promise<NamedSimulation> {
  const job = await jobNamed(jobs, id);
  if (job.kind !== kind) throw new OutOfReach('there is no such simulation');
  // The seal vouches for the shape.
  return { id: job.id, byName: job.byName, found: job.result as unknown as Simulation | undefined };
}

function finished(found: Simulation | undefined): Simulation {
  if (found === undefined) throw new OutOfReach('the simulation has no result');
  return found;
}

function csvFile(
  name: string,
  { job, rows }: { readonly job: string; readonly rows: readonly (readonly CsvCell[])[] },
): Answer {
  const body = csvStart + rows.map(csvLine).join('');
  return { kind: 'file', name, type: 'text/csv; charset=utf-8', body, about: { detail: { job, format: 'csv' } } };
}

/** Headings and reasons in the words of the configuration: files are read by programs. */
function peopleRows({ named }: Simulation): readonly (readonly CsvCell[])[] {
  const rows = named.map(({ name, displayName, unit, zones, why, missing }): readonly CsvCell[] => [
    name,
    displayName,
    unit,
    zones.join(' '),
    why,
    missing.join(' '),
  ]);
  return [['account', 'name', 'unit', 'zones', 'why', 'missing'], ...rows];
}

function unitRows({ units, otherUnits }: Simulation): readonly (readonly CsvCell[])[] {
  const all = otherUnits === undefined ? units : [...units, { ...otherUnits, unit: '*' }];
  const rows = all.map(({ unit, people, covered, ready, stranded }) => [unit, people, covered, ready, stranded]);
  return [['unit', 'people', 'covered', 'ready', 'stranded'], ...rows];
}
