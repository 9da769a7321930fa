import { describe, expect, it } from 'vitest';
import { auditSettings } from '../../src/settings/audit-settings.ts';

/** The settings that are wrong, by their paths. */
function wrong(settings: object): readonly string[] {
  return auditSettings.safeParse(settings).error?.issues.map((issue) => issue.path.join('.')) ?? [];
}

const host = 'syslog.example.com';

describe('the settings of the audit', () => {
  it('may be left out: then nothing is signed and nothing is sent', () => {
    const settings = auditSettings.parse({});
    expect(settings['signing-key-file']).toBeUndefined();
    expect(settings.syslog).toBeUndefined();
  });

  it('need no more than a host', () => {
    expect(auditSettings.parse({ syslog: { host } }).syslog).toMatchObject({ host, port: 6514, format: 'cef' });
  });

  it('have bounds: nothing can be put off for ever, and no alarm be set so high that it never comes', () => {
    expect(wrong({ 'sign-every-minutes': 0 })).toEqual(['sign-every-minutes']);
    expect(wrong({ 'sign-every-minutes': 1_441, 'sign-every-rows': 100_001 })).toHaveLength(2);
    for (const one of ['resend-rows', 'backlog-alarm', 'backlog-alarm-minutes']) {
      expect(wrong({ syslog: { host, [one]: 1e9 } })).toEqual([`syslog.${one}`]);
      expect(wrong({ syslog: { host, [one]: -1 } })).toEqual([`syslog.${one}`]);
    }
  });

  it('12.3.2: have no switch that turns TLS or its verification off', () => {
    for (const one of ['tls', 'insecure', 'verify', 'reject-unauthorized', 'protocol']) {
      expect(auditSettings.safeParse({ syslog: { host, [one]: false } }).success, one).toBe(false);
    }
  });

  it('want certificate and key together', () => {
    expect(wrong({ syslog: { host, 'certificate-file': 'a.pem' } })).toEqual(['syslog.key-file']);
    expect(wrong({ syslog: { host, 'key-file': 'a.pem' } })).toEqual(['syslog.key-file']);
    expect(wrong({ syslog: { host, 'certificate-file': 'a.pem', 'key-file': 'b.pem' } })).toEqual([]);
  });
});
