import { noJobs, type Scene } from './scene.ts';

/** Every route that gives a file, and an address of it. */
export const files: Readonly<Record<string, (scene: Scene) => Promise<string>>> = {
  '/reports/file': async () => '/reports/file?plot=actions',
  '/coverage/file': async () => '/coverage/file?plot=units',
  '/audit/file': async ({ staff }) => `/audit/file?subject=${staff.id}&event=console.signed-in`,
  '/simulator/:job/people.csv': async (scene) => `/simulator/${await simulation(scene)}/people.csv`,
  '/simulator/:job/units.csv': async (scene) => `/simulator/${await simulation(scene)}/units.csv`,
};

async function simulation({ world, visitor }: Scene): Promise<string> {
  await noJobs(world);
  await visitor.open('/simulator');
  await visitor.submit();
  await world.latchkey.background.jobs.idle();
  return visitor.path.split('/').at(-1) ?? '';
}
