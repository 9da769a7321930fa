import type { Gate, GateContext, Step } from './gate.ts';
import type { DriveRecorder } from './test-drive-recorder.ts';
import { standInFor } from './test-drive-stand-in.ts';

/** The gates as a dry run has them: those that cannot be rehearsed are stood in for, and all are watched. */
export function driveGates(gates: ReadonlyMap<string, Gate>, recorder: DriveRecorder): ReadonlyMap<string, Gate> {
  const driven = (gate: Gate): Gate => {
    const { id, enrol, verify } = gate.rehearsal === undefined ? standInFor(gate) : gate;
    return { id, enrol, verify: watched(id, verify, recorder) };
  };
  return new Map([...gates].map(([id, gate]) => [id, driven(gate)]));
}

/** The step, with how long it takes and what it says told to the recorder. */
function watched(gate: string, step: Step, recorder: DriveRecorder): Step {
  const said = (key: string): void => recorder.note({ gate, message: { key } });
  return {
    form: step.form,
    open: (context) =>
      recorder.timed({ gate, message: { key: 'console.drive.opened' } }, async () => step.open(context)),
    show: (context) => step.show(context),
    async answer(input, context) {
      const judged = { gate, message: { key: 'console.drive.judged' } };
      const verdict = await recorder.timed(judged, async () => step.answer(input, context));
      said(`console.drive.verdict.${verdict.kind}`);
      return verdict;
    },
    ...(step.watch === undefined ? {} : { watch: async (context: GateContext) => watchOf(step, context) }),
    ...(step.isRefused === undefined ? {} : { isRefused: async (context: GateContext) => refusalOf(step, context) }),
  };
}

async function watchOf(step: Step, context: GateContext): Promise<'waiting' | 'changed'> {
  return (await step.watch?.(context)) ?? 'waiting';
}

async function refusalOf(step: Step, context: GateContext): Promise<boolean> {
  return (await step.isRefused?.(context)) === true;
}
