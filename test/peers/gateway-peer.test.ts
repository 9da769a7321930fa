import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  infobip,
  messagebird,
  modemBox,
  type Personality,
  snsBehindGateway,
  vonage,
  xmlGateway,
} from './gateway-peer.ts';
import type { PeerRequest } from './https-peer.ts';

/** Each gateway takes one good request, and none of those that its vendor would refuse. */
const key = randomBytes(8).toString('hex');
const json = { 'content-type': 'application/json' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const xml = {
  'content-type': 'application/xml',
  authorization: `Basic ${Buffer.from(`latchkey:${key}`).toString('base64')}`,
};

function request(path: string, headers: Record<string, string>, body = '', method = 'POST'): PeerRequest {
  return { method, path, headers, body, bytes: Buffer.from(body) };
}

const sms = (to: string, text = 'x'): string =>
  JSON.stringify({ messages: [{ sender: 'x', destinations: [{ to }], content: { text } }] });
const app = { ...json, authorization: `App ${key}` };
const access = { ...json, authorization: `AccessKey ${key}` };
const bird = JSON.stringify({ recipients: ['447946000000'], originator: 'x', body: 'x' });
const sns = { ...json, 'x-api-key': key };
const published = (number: string): string => JSON.stringify({ PhoneNumber: number, Message: 'x' });
const modem = (to: string, text: string, password = key): PeerRequest =>
  request(`/cgi-bin/sms?${new URLSearchParams({ password, number: to, text })}`, {}, '', 'GET');

const cases: readonly (readonly [string, Personality, PeerRequest, readonly PeerRequest[]])[] = [
  [
    'Vonage',
    vonage,
    request('/sms/json', form, `api_secret=${key}&to=447946000000&from=x&text=x`),
    [
      request('/sms/json', json, `api_secret=${key}&to=447946000000&from=x&text=x`),
      request('/sms/json', form, `api_secret=x&to=447946000000&from=x&text=x`),
      request('/sms/json', form, `api_secret=${key}&to=%2B447946000000&from=x&text=x`),
      request('/sms/json', form, `api_secret=${key}&to=447946000000&text=x`),
    ],
  ],
  [
    'Infobip',
    infobip,
    request('/sms/3/messages', app, sms('447946000000')),
    [
      request('/sms/3/messages', { ...app, 'content-type': 'text/plain' }, sms('447946000000')),
      request('/sms/3/messages', app, sms('447946000000'), 'PUT'),
      request('/sms/3/messages', json, sms('447946000000')),
      request('/sms/3/messages', app, sms('447946000000', '')),
    ],
  ],
  [
    'MessageBird',
    messagebird,
    request('/messages', access, bird),
    [
      request('/messages', { ...access, 'content-type': 'text/plain' }, bird),
      request('/messages', access, bird, 'GET'),
      request('/messages', json, bird),
    ],
  ],
  [
    'a modem box',
    modemBox,
    modem('+447946000000', 'x'),
    [modem('+047946000000', 'x'), modem('+447946000000', ''), modem('+447946000000', 'x', 'x')],
  ],
  [
    'an XML gateway',
    xmlGateway,
    request('/', xml, '<sms><to>+447946000000</to><body>a &amp; b</body></sms>'),
    [
      request('/', xml, '<sms><to>+447946000000</to><body>a & b</body></sms>'),
      request('/', xml, '<sms><body>x</body><to>+447946000000</to></sms>'),
      request('/', xml, '<sms xmlns="urn:x"><to>+447946000000</to><body>x</body></sms>'),
      request('/', xml, '<sms><to>447946000000</to><body>x</body></sms>'),
      request('/', xml, '<sms><to>+447946000000</to><body/></sms>'),
      request('/', { ...xml, 'content-type': 'text/plain' }, '<sms><to>+447946000000</to><body>x</body></sms>'),
    ],
  ],
  [
    'a gateway before SNS',
    snsBehindGateway,
    request('/', sns, published('+447946000000')),
    [
      request('/', sns, published('+047946000000')),
      request('/', sns, published('+447946000000'), 'GET'),
      request('/', { ...sns, 'content-type': 'text/plain' }, published('+447946000000')),
      request('/', json, published('+447946000000')),
    ],
  ],
];

test.each(cases)('%s takes what it documents, and refuses what it does not', (_name, personality, good, bad) => {
  expect(personality(good, key)).toHaveProperty('message');
  for (const one of bad) expect(personality(one, key)).toHaveProperty('refused');
});
