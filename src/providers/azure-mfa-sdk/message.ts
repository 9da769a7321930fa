import { randomInt } from 'node:crypto';
import { Unavailable } from '../../core/errors.ts';
import type { ChallengeRequest } from '../../core/provider.ts';
import { splitNumber } from '../../core/sending/phone-number.ts';
import { childText, escapeXml, findElement, readXml } from '../../outbound/xml.ts';
import type { AzureMfaSdkSettings } from './settings.ts';

/** Where the service puts its code in a text (pf_auth, SmsText). */
const codePlace = '<$otp$>';

/** What the service says of a call or text. */
export interface PfAnswer {
  readonly authenticated: boolean;
  readonly callStatus: number;
  /** The code that was sent, for the caller to compare. */
  readonly otp: string | undefined;
}

/** The request document of pf_auth, version 1.5, with its request id: standard voice, or a one-way text with a code. */
export function writeRequest(request: ChallengeRequest, settings: AzureMfaSdkSettings): { id: string; body: string } {
  const id = String(randomInt(10_000));
  const { countryCode, national } = splitNumber(request.to);
  const element = (name: string, text: string, attributes = ''): string =>
    `<${name}${attributes}>${escapeXml(text)}</${name}>`;
  const attribute = (name: string, value: string): string => ` ${name}="${escapeXml(value)}"`;
  const sms = request.channel === 'sms';
  const host = `<host${attribute('ip', settings['ip-address'])}${attribute('hostname', settings.hostname)}/>`;
  const wanted = [
    `<customer>${element('licenseKey', settings['licence-key'])}${element('groupKey', settings['group-key'])}</customer>`,
    element('countryCode', countryCode),
    element('authenticationType', 'pfsdk'),
    element('username', settings.username),
    element('phonenumber', national, attribute('userCanChangePhone', 'no')),
    element('allowInternationalCalls', settings['allow-international-calls'] ? 'yes' : 'no'),
    element('applicationName', settings['application-name']),
    ...(sms
      ? [
          `<smsInfo direction="one-way" mode="otp">${element(
            'message',
            request.text.replaceAll('{code}', () => codePlace),
          )}</smsInfo>`,
          '<pinInfo pinMode="standard"/>',
        ]
      : ['<pinInfo pinMode="standard"><userCanChangePin>no</userCanChangePin></pinInfo>']),
  ].join('');
  const language = request.language.split('-')[0] ?? 'en';
  const body =
    '<?xml version="1.0" encoding="UTF-8"?><pfpMessage version="1.5">' +
    `<header><source><component type="pfsdk">${host}</component></source></header>` +
    `<request${attribute('request-id', id)}${attribute('language', language)} async="0" response-url="">` +
    `<authenticationRequest${sms ? ' mode="sms"' : ''}>${wanted}</authenticationRequest></request></pfpMessage>`;
  return { id, body };
}

/**
 * The response document.
 * Throws Unavailable when it is anything else, about another request, or a failure (disposition fail).
 */
export function readAnswer(document: string, id: string): PfAnswer {
  const message = readXml(document);
  const response = message.children.find((child) => child.name === 'response');
  if (message.name !== 'pfpMessage' || response === undefined) throw new Unavailable('the answer is no pfpMessage');
  const status = response.children.find((child) => child.name === 'status');
  const disposition = status?.attributes.disposition;
  if (disposition !== 'success') {
    const code = /^\d{1,6}$/.exec(childText(status, 'error-id') ?? '')?.[0] ?? 'none';
    throw new Unavailable(`the service failed with error ${code}`);
  }
  if (response.attributes['request-id'] !== id) throw new Unavailable('the answer is about another request');
  const answer = findElement(response, 'authenticationResponse');
  const authenticated = childText(answer, 'authenticated');
  const callStatus = childText(answer, 'callStatus') ?? '';
  if ((authenticated !== 'yes' && authenticated !== 'no') || !/^\d{1,4}$/.test(callStatus)) {
    throw new Unavailable('the answer does not say what became of the call');
  }
  const otp = childText(answer, 'otp');
  return { authenticated: authenticated === 'yes', callStatus: Number(callStatus), otp: otp === '' ? undefined : otp };
}
