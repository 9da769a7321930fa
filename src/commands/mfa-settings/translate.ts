import { defaultCountry } from './country.ts';
import { type Ignored, type MfaElement, type MfaSettings, UnreadableSettings } from './read.ts';

/** Something that an operator must know or do. */
export interface Note {
  /** Path of the setting that it is about; it stands above that in the configuration too. */
  readonly at: readonly string[];
  readonly text: string;
}

/** What the file becomes. Secrets are references to variables; none of their values is in here. */
export interface Translation {
  readonly kind: 'azure-mfa-sdk' | 'azure-mfa-server' | 'custom-module';
  /** Settings of the provider, as the configuration has them. */
  readonly provider: Readonly<Record<string, unknown>>;
  readonly channels: readonly ('voice' | 'sms')[];
  /** Default country of the gates; undefined when the file has none. */
  readonly country: string | undefined;
  readonly notes: readonly Note[];
  readonly ignored: readonly Ignored[];
}

type Values = MfaSettings['values'];
type Mode = Omit<Translation, 'country'>;

const sdkKeys = ['LICENSE_KEY', 'GROUP_KEY', 'CERT_PASSWORD', 'CertFilePath'] as const;

/** Throws UnreadableSettings when the file is in none of MIM's three modes, or in two of them. */
export function translate(settings: MfaSettings): Translation {
  const { values } = settings;
  refuseReferences(values);
  const { code, countries, notes } = defaultCountry(values.DefaultCountryCode);
  const mode = modeOf(settings);
  return {
    ...mode,
    provider: { ...mode.provider, countries },
    country: code,
    notes: [...mode.notes, ...notes],
    ignored: [...mode.ignored, ...settings.ignored],
  };
}

function modeOf({ values, ignored }: MfaSettings): Mode {
  const sdk = filled(values, sdkKeys);
  if (values.CustomPhoneProvider !== undefined) {
    refuseBeside('CustomPhoneProvider', [...sdk, ...filled(values, ['LOCMFA', 'LOCMFASRV'])]);
    return customModule(values);
  }
  if (/^true$/i.test(values.LOCMFA ?? '')) {
    refuseBeside('LOCMFA', sdk);
    return mfaServer(values);
  }
  if (sdk.length > 0) return directSdk(values);
  const names = [...Object.keys(values), ...ignored.map(({ what }) => what)].join(', ') || 'nothing';
  throw new UnreadableSettings(
    `It is in none of the three modes of MIM: the four keys of the SDK, LOCMFA (true) with LOCMFASRV, or CustomPhoneProvider. It holds: ${names}.`,
  );
}

function directSdk(values: Values): Mode {
  const missing = sdkKeys.filter((name) => values[name] === undefined);
  if (missing.length > 0) {
    throw new UnreadableSettings(`The keys of the SDK are not complete: ${missing.join(', ')} is missing.`);
  }
  return {
    kind: 'azure-mfa-sdk',
    channels: ['voice', 'sms'],
    provider: {
      targets: ['https://pfd.phonefactor.net/pfd/pfd.pl', 'https://pfd2.phonefactor.net/pfd/pfd.pl'],
      'p12-file': values.CertFilePath,
      'p12-password': variable('CERT_PASSWORD'),
      'licence-key': variable('LICENCE_KEY'),
      'group-key': variable('GROUP_KEY'),
      username: values.Username ?? 'latchkey',
    },
    notes: [
      of('targets', 'These are Microsoft’s addresses, and they no longer answer. Put in what answers in their place.'),
      of('p12-file', 'This is its path in MIM. Copy the file here, and name where it lies.'),
      of('p12-password', 'Set LATCHKEY_MFA_CERT_PASSWORD to what CERT_PASSWORD holds.'),
      of('licence-key', 'Set LATCHKEY_MFA_LICENCE_KEY to what LICENSE_KEY holds.'),
      of('group-key', 'Set LATCHKEY_MFA_GROUP_KEY to what GROUP_KEY holds.'),
      ...(values.Username === undefined ? [of('username', 'The file has no Username; any text will do.')] : []),
    ],
    ignored: [
      ...filled(values, ['LOCMFA']).map((what) => ({ what, why: 'which is not true' })),
      ...filled(values, ['LOCMFASRV']).map((what) => ({ what, why: 'which counts only when LOCMFA is true' })),
    ],
  };
}

function mfaServer({ LOCMFASRV, Username }: Values): Mode {
  if (LOCMFASRV === undefined || Username === undefined) {
    throw new UnreadableSettings('LOCMFA is true, and LOCMFASRV and Username are needed with it.');
  }
  refuseAddress(LOCMFASRV);
  return {
    kind: 'azure-mfa-server',
    channels: ['voice', 'sms'],
    provider: {
      url: LOCMFASRV,
      username: Username,
      auth: { kind: 'basic', user: variable('USER'), password: variable('PASSWORD') },
    },
    notes: [
      of(
        'auth',
        'MIM used Windows authentication. Keep it with Kerberos (kind: negotiate; docs/providers.md says how), map a client certificate (kind: certificate), or switch Basic authentication on for the site. For that set LATCHKEY_MFA_USER and LATCHKEY_MFA_PASSWORD to an account in “PhoneFactor Admins”; no element of the file holds them.',
      ),
      {
        at: ['channels', 'sms'],
        text: 'Some versions of MFA Server take calls only. Prove it: latchkey check --provider mfa --to NUMBER --channel sms.',
      },
    ],
    ignored: [],
  };
}

function customModule(values: Values): Mode {
  return {
    kind: 'custom-module',
    channels: ['voice'],
    provider: { package: './your-phones.js', options: {} },
    notes: [
      of(
        'package',
        'A name to fill in. The DLL cannot run here: write its InitiateCall, GetCallStatus and GetFailureMessage as a module, or put a service in front of it (kind: custom-http). docs/custom-provider.md tells how.',
      ),
    ],
    ignored: [
      { what: 'the path in CustomPhoneProvider', why: 'which names a DLL for .NET' },
      ...filled(values, ['Username']).map((what) => ({ what, why: 'which a custom provider is not given' })),
    ],
  };
}

function of(setting: string, text: string): Note {
  return { at: ['providers', 'mfa', setting], text };
}

function variable(name: string): string {
  return `\${env:LATCHKEY_MFA_${name}}`;
}

function filled<Name extends MfaElement>(values: Values, names: readonly Name[]): readonly Name[] {
  return names.filter((name) => values[name] !== undefined);
}

function refuseBeside(winner: MfaElement, others: readonly MfaElement[]): void {
  if (others.length === 0) return;
  throw new UnreadableSettings(
    `${winner} is set, and so is ${others.join(', ')}. MIM wants these cleared: clear them, or ${winner}.`,
  );
}

/** A reference would be resolved when the configuration is loaded: a file from elsewhere must not choose one. */
function refuseReferences(values: Values): void {
  const [name] = filled(values, ['Username', 'CertFilePath', 'LOCMFASRV']).filter((one) => values[one]?.includes('${'));
  if (name !== undefined)
    throw new UnreadableSettings(`${name} holds \${, which would be read as a reference: take it out.`);
}

/** An address is printed, so it may hold no secret. */
function refuseAddress(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:')
    throw new UnreadableSettings('LOCMFASRV is not an address that begins with https://.');
  if (url.username + url.password + url.search + url.hash !== '') {
    throw new UnreadableSettings(
      'LOCMFASRV holds more than an address: take out the user name, and what follows .asmx.',
    );
  }
}
