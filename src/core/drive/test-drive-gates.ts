import type { Gate, GateContext, GateSettings, Gates, Step } from '../gate.ts';
import type { DriveRecorder } from './test-drive-recorder.ts';
import { standInFor } from './test-drive-stand-in.ts';

/** The gates as a dry run has them: those that cannot be rehearsed are stood in for, and all are watched. */
export function driveGates(gates: Gates, recorder: DriveRecorder): Gates {
  const driven = (gate: Gate, own: GateSettings[string]): Gate => {
    const { id, enrol, verify } = gate.rehearsal === undefined ? standInFor(gate) : gate;
    const step = watched(id, verify, recorder);
    const open = (context: GateContext) => {
      recorder.settings(id, own);
      return step.open(context);
    };
    return { id, enrol, verify: { ...step, open } };
  };
  return {
    get(id, own) {
      const gate = gates.get(id, own);
      return gate && driven(gate, own ?? {});
    },
  };
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
