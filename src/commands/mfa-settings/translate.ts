import { type CountryCode, getCountries, getCountryCallingCode, isSupportedCountry } from 'libphonenumber-js/max';
import { type MfaSettings, UnreadableSettings } from './read.ts';

/** What the file becomes. Secrets are references to variables; none of their values is in here. */
export interface Translation {
  readonly kind: 'azure-mfa-sdk' | 'azure-mfa-server' | 'custom-module';
  /** Settings of the provider, as the configuration has them. */
  readonly provider: Readonly<Record<string, unknown>>;
  readonly channels: readonly ('voice' | 'sms')[];
  /** Default country of the gates; undefined when the file has none. */
  readonly country: string | undefined;
  /** What an operator must do: variables to set, things to fill in. */
  readonly notes: readonly string[];
}

const sdkKeys = ['license_key', 'group_key', 'cert_password', 'certfilepath'] as const;

/** Throws UnreadableSettings when the file is in none of MIM's three modes, or in two of them. */
export function translate({ values, unknown }: MfaSettings): Translation {
  const sdk = sdkKeys.filter((name) => values[name] !== undefined);
  const server = /^true$/i.test(values.locmfa ?? '');
  const custom = values.customphoneprovider !== undefined;
  const country = countryOf(values.defaultcountrycode);
  const common = { countries: country.countries };
  const notes = [...country.notes, ...unknown.map((name) => `Ignored: ${name}, which MIM does not document.`)];
  if (custom) {
    const others = [...sdk, ...(values.locmfa ? ['locmfa'] : []), ...(values.locmfasrv ? ['locmfasrv'] : [])];
    if (others.length > 0) throw mixed('CustomPhoneProvider', others);
    return {
      ...customModule(notes),
      country: country.code,
      provider: { package: './your-phones.js', options: {}, ...common },
    };
  }
  if (server) {
    if (sdk.length > 0) throw mixed('LOCMFA', sdk);
    return { ...mfaServer(values, common, notes), country: country.code };
  }
  if (sdk.length > 0) return { ...directSdk(values, common, notes), country: country.code };
  throw new UnreadableSettings(
    'It is in none of the three modes of MIM: the four keys of the SDK, LOCMFA with LOCMFASRV, or CustomPhoneProvider.',
  );
}

function directSdk(
  values: MfaSettings['values'],
  common: object,
  notes: readonly string[],
): Omit<Translation, 'country'> {
  const missing = sdkKeys.filter((name) => values[name] === undefined);
  if (missing.length > 0)
    throw new UnreadableSettings(
      `The keys of the SDK are not complete: ${missing.join(', ').toUpperCase()} is missing.`,
    );
  const ignored = (['locmfa', 'locmfasrv'] as const).filter((name) => values[name] !== undefined);
  return {
    kind: 'azure-mfa-sdk',
    channels: ['voice', 'sms'],
    provider: {
      targets: ['https://pfd.phonefactor.net/pfd/pfd.pl', 'https://pfd2.phonefactor.net/pfd/pfd.pl'],
      'p12-file': values.certfilepath,
      'p12-password': variable('CERT_PASSWORD'),
      'licence-key': variable('LICENCE_KEY'),
      'group-key': variable('GROUP_KEY'),
      username: values.username ?? 'latchkey',
      ...common,
    },
    notes: [
      'targets: these are Microsoft’s addresses, and the service behind them has ended. Put in what answers in its place.',
      'p12-file: copy the file here and name where it lies.',
      'Set LATCHKEY_MFA_LICENCE_KEY to what LICENSE_KEY holds, LATCHKEY_MFA_GROUP_KEY to GROUP_KEY, and LATCHKEY_MFA_CERT_PASSWORD to CERT_PASSWORD.',
      ...ignored.map((name) => `Ignored: ${name.toUpperCase()}, which counts only when LOCMFA is true.`),
      ...notes,
    ],
  };
}

function mfaServer(
  values: MfaSettings['values'],
  common: object,
  notes: readonly string[],
): Omit<Translation, 'country'> {
  const { locmfasrv, username } = values;
  if (locmfasrv === undefined || username === undefined) {
    throw new UnreadableSettings('LOCMFA is true, and LOCMFASRV and Username are needed with it.');
  }
  if (!URL.canParse(locmfasrv) || new URL(locmfasrv).protocol !== 'https:') {
    throw new UnreadableSettings('LOCMFASRV is not an address that begins with https://.');
  }
  return {
    kind: 'azure-mfa-server',
    channels: ['voice', 'sms'],
    provider: {
      url: locmfasrv,
      username,
      auth: { kind: 'basic', user: variable('USER'), password: variable('PASSWORD') },
      ...common,
    },
    notes: [
      'auth: MIM used Windows authentication, which Latchkey does not speak. Switch Basic authentication on for the site, or map a client certificate (auth.kind: certificate).',
      'Set LATCHKEY_MFA_USER and LATCHKEY_MFA_PASSWORD to an account in “PhoneFactor Admins”.',
      'sms: some versions of MFA Server take calls only. Prove it: latchkey check --provider mfa --to NUMBER --channel sms.',
      ...notes,
    ],
  };
}

function customModule(notes: readonly string[]): Omit<Translation, 'country' | 'provider'> {
  return {
    kind: 'custom-module',
    channels: ['voice'],
    notes: [
      'package: a DLL cannot run here. Write its InitiateCall, GetCallStatus and GetFailureMessage as a module, or put a service in front of it (custom-http): docs/custom-provider.md.',
      ...notes,
    ],
  };
}

function variable(name: string): string {
  return `\${env:LATCHKEY_MFA_${name}}`;
}

function mixed(winner: string, others: readonly string[]): UnreadableSettings {
  const names = others.map((name) => name.toUpperCase()).join(', ');
  return new UnreadableSettings(
    `${winner} is set, and so is ${names}. MIM wants these cleared: clear them, or ${winner}.`,
  );
}

/** The calling code of numbers without one, and the countries that have it. */
function countryOf(text: string | undefined): {
  code: string | undefined;
  countries: readonly string[];
  notes: readonly string[];
} {
  const fill = 'countries: put in every country that calls and texts may go to.';
  const code = text?.replace(/^\+/, '');
  if (code === undefined) {
    return { code: undefined, countries: ['US'], notes: [`${fill} The file names none, so US stands there.`] };
  }
  if (isSupportedCountry(code)) return { code, countries: [code], notes: [fill] };
  const countries = getCountries().filter((one: CountryCode) => getCountryCallingCode(one) === code);
  if (countries.length === 0) throw new UnreadableSettings('DefaultCountryCode is no country code, such as 1 or 44.');
  return { code, countries, notes: [fill] };
}
