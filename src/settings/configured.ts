import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { EnrolmentRules } from '../core/flow/enroller.ts';
import type { SealerNeeds } from '../core/sealer.ts';
import type { Brand } from '../web/brand-routes.ts';
import type { Organisation } from '../web/pages.ts';
import type { Environment } from './environment.ts';
import type { Configuration } from './schema.ts';

/** The sealing keys that the configuration names; in the demo, ones that nobody will ever know. */
export function sealingKeys(configuration: Configuration): SealerNeeds {
  const { keys } = configuration;
  const macKey = configuration['mac-key'];
  if (keys === 'ephemeral') return { keys: [{ id: 'ephemeral', secret: randomBytes(32) }] };
  return { keys, ...(macKey === undefined ? {} : { macKey }) };
}

/** How careful a change of what was registered is taken. */
export function enrolmentRulesOf({ enrolment }: Configuration): EnrolmentRules {
  return {
    freshMs: enrolment['fresh-minutes'] * 60_000,
    holdMs: enrolment['hold-hours'] * 3_600_000,
    holdFirst: enrolment['hold-first'],
  };
}

/** What stands on every page. */
export function organisationOf(configuration: Configuration): Organisation {
  const { organisation } = configuration;
  const privacyUrl = organisation['privacy-url'];
  const timeZone = organisation['time-zone'];
  const { phone, mail, hours } = organisation.helpdesk;
  return {
    name: organisation.name,
    helpdesk: {
      ...(phone === undefined ? {} : { phone }),
      ...(mail === undefined ? {} : { mail }),
      ...(hours === undefined ? {} : { hours }),
    },
    loginExamples: loginExamples(configuration),
    ...(organisation['logo-file'] === undefined ? {} : { logo: '/brand/logo' }),
    ...(privacyUrl === undefined ? {} : { privacyUrl }),
    ...(timeZone === undefined ? {} : { timeZone }),
  };
}

/** One login in the three ways in which people may type it. */
function loginExamples(configuration: Configuration): readonly string[] {
  const { directory } = configuration;
  if (directory.kind === 'demo') return ['anna.berg', 'CONTOSO\\anna.berg', 'anna.berg@contoso.example'];
  const suffix = directory['base-dn'].replace(/^DC=/i, '').replaceAll(/,\s*DC=/gi, '.');
  return ['anna.berg', `${directory.domain}\\anna.berg`, `anna.berg@${suffix}`];
}

/** Colours and logo; the logo's file is read here. */
export function brandOf(configuration: Configuration, environment: Environment): Brand {
  const { colours, 'logo-file': logoFile } = configuration.organisation;
  const folder = path.dirname(environment.configurationFile);
  return {
    ...(colours === undefined
      ? {}
      : {
          colours: {
            light: colours.light,
            lightText: colours['light-text'],
            dark: colours.dark,
            darkText: colours['dark-text'],
          },
        }),
    ...(logoFile === undefined
      ? {}
      : {
          logo: {
            type: logoFile.endsWith('.svg') ? ('image/svg+xml' as const) : ('image/png' as const),
            bytes: readFileSync(path.resolve(folder, logoFile)),
          },
        }),
  };
}
