import { describe, expect, test } from 'vitest';
import { Misconfigured, NotSent, OutOfService, Unavailable } from '../../../src/core/errors.ts';
import { type Kerberos, type KerberosContext, loadKerberos } from '../../../src/providers/azure-mfa-server/kerberos.ts';
import { Negotiator } from '../../../src/providers/azure-mfa-server/negotiate.ts';
import { azureMfaServerSettings } from '../../../src/providers/azure-mfa-server/settings.ts';
import { ticketFault } from '../../../src/providers/azure-mfa-server/ticket-faults.ts';

const service = 'HTTP@mfa.corp.example.com';
const spnego = 6;
const good = Buffer.from('6082000006092a864886f712010202', 'hex').toString('base64');

/** A library that does what the test says: the real one cannot be made to do it. */
function library(step: (mechOID: number, challenge: string) => Promise<string>, complete = true): Kerberos {
  return {
    GSS_C_MUTUAL_FLAG: 2,
    GSS_C_SEQUENCE_FLAG: 8,
    GSS_MECH_OID_KRB5: 9,
    GSS_MECH_OID_SPNEGO: spnego,
    initializeClient: async (_service, { mechOID }): Promise<KerberosContext> => ({
      contextComplete: complete,
      step: (challenge) => step(mechOID, challenge),
    }),
  };
}

const reply = (authenticate: string) => ({ status: 200, headers: { 'www-authenticate': authenticate }, text: '' });

describe('a token of Negotiate', () => {
  test.each([
    ['NTLM', Buffer.from('NTLMSSP\0\u0001')],
    ['NTLM beside Kerberos', Buffer.concat([Buffer.from(good, 'base64'), Buffer.from('NTLMSSP\0\u0001')])],
    ['nothing', Buffer.alloc(0)],
  ])('is never %s', async (_what, token) => {
    const kerberos = library(async () => token.toString('base64'));
    const fault = await new Negotiator({ kerberos, service, timeoutMs: 1000 }).prove().catch((one: unknown) => one);
    expect(fault).toBeInstanceOf(OutOfService);
    expect(String(fault)).toContain('another mechanism than Kerberos');
  });

  test('that SPNEGO refuses without a reason is asked for again, for the reason', async () => {
    const kerberos = library(async (mechOID) => {
      throw new Error(mechOID === spnego ? 'Unspecified GSS failure' : 'Clock skew too great');
    });
    const fault = await new Negotiator({ kerberos, service, timeoutMs: 1000 }).prove().catch((one: unknown) => one);
    expect(String(fault)).toContain('the clock of this machine');
  });

  test('that nobody waits for any longer is never begun: one thread hangs, and the others are free', async () => {
    const hanging: ((token: string) => void)[] = [];
    let begun = 0;
    const kerberos = library(() => {
      begun += 1;
      return begun > 1 ? Promise.resolve(good) : new Promise((resolve) => hanging.push(resolve));
    });
    const negotiator = new Negotiator({ kerberos, service, timeoutMs: 500 });
    const faults = await Promise.all([1, 2, 3].map(() => negotiator.prove().catch((one: unknown) => one)));
    for (const fault of faults) expect(fault).toBeInstanceOf(NotSent);
    expect(begun).toBe(1);
    hanging[0]?.(good);
    expect(await negotiator.prove()).toMatchObject({ headers: { Authorization: `Negotiate ${good}` } });
    expect(begun).toBe(2);
  });

  test('must be answered by a proof that is whole, where there is one', async () => {
    const negotiator = new Negotiator({ kerberos: library(async () => good, false), service, timeoutMs: 1000 });
    const proof = await negotiator.prove();
    await expect(proof.confirm?.(reply(`Basic realm="Negotiate eHg=", Negotiate ${good}`))).rejects.toSatisfy(
      (fault) => fault instanceof Unavailable && !(fault instanceof NotSent),
    );
    await expect(proof.confirm?.(reply('Basic realm="Negotiate"'))).resolves.toBeUndefined();
  });
});

describe('what the library says of a missing ticket', () => {
  test.each([
    ['Clock skew too great', 'the clock of this machine'],
    ['Ticket not yet valid', 'the clock of this machine'],
    ['Ticket expired', 'the ticket is over'],
    ['The referenced credential has expired: Success', 'the ticket is over'],
    ['Server krbtgt/OTHER@CORP not found in Kerberos database', 'knows no service of that name'],
    ['No Kerberos credentials available (default cache: MEMORY:x)', 'there is no ticket'],
    ['Preauthentication failed', 'the client keytab does not fit'],
    ["Client's credentials have been revoked", 'disabled, locked or expired'],
    ['Something new', 'Something new'],
  ])('%s: somebody must act', (said, meaning) => {
    const fault = ticketFault(service, `Unspecified GSS failure.  Minor code may provide more information: ${said}`);
    expect(fault).toBeInstanceOf(OutOfService);
    expect(fault.message).toContain(meaning);
    expect(fault.message).toContain(said);
  });

  test.each(["Cannot contact any KDC for realm 'CORP'", "Cannot find KDC for realm 'CORP'"])(
    '%s: it may be over soon',
    (said) => {
      expect(ticketFault(service, said)).not.toBeInstanceOf(OutOfService);
    },
  );
});

describe('negotiate does not start', () => {
  const absent = async (): Promise<object> => {
    throw new Error("Cannot find package 'kerberos'");
  };
  const withoutLibrary = async (): Promise<object> => ({
    default: { ...library(async () => good), initializeClient: () => Promise.reject(new Error('libgssapi_krb5.so.2')) },
  });
  test.each([
    ['the package', absent],
    ['the library of the system', withoutLibrary],
  ])('without %s, and says what to do', async (_what, load) => {
    const fault = await loadKerberos(load).catch((thrown: unknown) => thrown);
    expect(fault).toBeInstanceOf(Misconfigured);
    expect(String(fault)).toContain('install them as docs/providers.md says');
  });

  const settings = (auth: object) =>
    azureMfaServerSettings.safeParse({ url: 'https://mfa.corp.example.com/x.asmx', username: 'u', auth }).success;
  test.each([
    [{ spn: 'HTTP@mfa.corp.example.com' }, true],
    [{ principal: 'svc-latchkey@CORP.EXAMPLE.COM' }, true],
    [{ spn: 'HTTP/mfa.corp.example.com' }, false],
    [{ spn: 'mfa.corp.example.com' }, false],
    [{ spn: 'HTTP@mfa.corp.example.com\n' }, false],
    [{ spn: 'HTTP@' }, false],
    [{ principal: 'svc-latchkey' }, false],
    [{ password: 'x' }, false],
  ])('with other settings than these: %o is %s', (more, taken) => {
    expect(settings({ kind: 'negotiate', ...more })).toBe(taken);
  });
});
