import { Router } from 'express';
import type { ZoneChain } from '../core/link.ts';
import type { Enrolment } from '../core/stores.ts';
import type { SignInOutcome } from '../core/visits/sign-in.ts';
import type { Zone } from '../core/zone.ts';
import { endedPages } from '../web/ended-pages.ts';
import { pathOf } from '../web/flow-page.ts';
import { type FlowNeeds, type FlowPage, flowRoutes } from '../web/flow-routes.ts';
import type { OneSession } from '../web/one-session.ts';
import { contextOf } from '../web/requests.ts';
import { renewSession } from '../web/session.ts';
import { type SignInFormNeeds, takeSignIn } from '../web/sign-in-form.ts';
import { type ServiceState, unavailable } from './service-state.ts';

export interface RegistrationNeeds extends FlowNeeds, SignInFormNeeds {
  readonly oneSession: OneSession;
  readonly service: Pick<ServiceState, 'available'>;
}

const signInPage = { view: 'registration/sign-in', surface: 'registration', data: { typed: '' } } as const;

/** The registration portal: sign in with the directory password, one enrolment a gate, what you can do now. */
export function registrationRoutes(needs: RegistrationNeeds): Router {
  const router = Router({ strict: true, caseSensitive: true });

  router.get('/', async (request, response) => {
    const available = await needs.service.available();
    needs.pages.send(request, response, available ? signInPage : { ...signInPage, ...unavailable });
  });

  router.post('/', async (request, response) => {
    const place = { portal: 'registration', kind: 'sign-in', page: signInPage } as const;
    const tried = await takeSignIn(needs, place, { request, response });
    if (tried === undefined) return;
    const { outcome } = tried;
    if (outcome.kind === 'refused') return tried.refuse(signInProblem(outcome));
    const { account } = outcome;
    const to = await needs.oneSession.once(request, `registration ${account.id}`, async () => {
      const flow = await needs.starter.registration(account, contextOf(request));
      await renewSession(request, flow.id);
      return pathOf(flow);
    });
    response.redirect(303, to ?? '/registration');
  });

  const done: FlowPage = {
    async show(flow, request, response) {
      const enrolled = await needs.desk.enrolled(flow);
      const own = flow.chain.filter(({ step, elsewhere }) => step === 'enrol' && elsewhere === undefined);
      const inOrder = own.map((link) => link.gate);
      const gates = inOrder.filter((gate) => enrolled.some((enrolment) => enrolment.gate === gate));
      const held = await needs.desk.held(flow);
      const { givenOut = [], leftOut = [] } = flow;
      const elsewhere = (flow.elsewhere ?? []).map((one) => zoneOutlook(one, [...enrolled, ...held]));
      const missing = elsewhere.flatMap((one) => one.missing);
      needs.pages.send(request, response, {
        view: 'registration/done',
        surface: 'registration',
        data: {
          gates: [...gates, ...givenOut],
          held,
          leftOut: leftOut.filter((gate) => !missing.includes(gate)),
          elsewhere,
          // Of how many registered gates so many are asked for; absent where all are.
          ...(flow.mayLeaveOut === undefined ? {} : { needed: inOrder.length + givenOut.length - flow.mayLeaveOut }),
        },
      });
    },
  };
  router.use(flowRoutes('registration', needs, { ...endedPages(needs), done }));
  return router;
}

/** How somebody gets back in from another zone, or what is missing for that. */
function zoneOutlook(
  { zone, chain, needed = chain.length, givenOut = [] }: ZoneChain,
  registered: readonly Pick<Enrolment, 'gate'>[],
): {
  readonly zone: Zone;
  readonly gates: readonly string[];
  readonly needed: number;
  readonly missing: readonly string[];
} {
  const gates = chain.filter((gate) => givenOut.includes(gate) || registered.some((one) => one.gate === gate));
  const missing = gates.length >= needed ? [] : chain.filter((gate) => !gates.includes(gate));
  return { zone, gates, needed, missing };
}

/** Whoever proved the password may know why it is of no use now; everybody else gets one and the same sentence. */
function signInProblem(outcome: Extract<SignInOutcome, { kind: 'refused' }>): string {
  switch (outcome.why) {
    case 'password-expired':
    case 'must-change':
      return 'sign-in.must-change';
    case 'account-expired':
    case 'outside-hours':
    case 'wrong-workstation':
      return 'sign-in.not-now';
    default:
      return 'sign-in.wrong';
  }
}
