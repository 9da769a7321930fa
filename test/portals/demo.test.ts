import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfiguration, readEnvironment } from '../../src/config.ts';
import { loadDefinitions } from '../../src/definitions.ts';
import { PortalWorld } from './world.ts';

let world: PortalWorld;

beforeAll(async () => {
  const { gates } = parse(readFileSync('config/latchkey.yaml', 'utf8'));
  world = await PortalWorld.open({ settings: { directory: { kind: 'demo' }, keys: 'ephemeral', gates } });
});
afterAll(() => world.close());

describe('the demo', () => {
  test('shows whom to try, and the virtual phone takes the keys for a call that rings', async () => {
    const home = await world.visitor().open('/');
    expect(home.text).toContain('anna.berg');
    const visitor = await world.start('anna.berg');
    expect(visitor.path).toBe('/reset/phone');
    await world.latchkey.challenges.idle();
    const phone = await world.visitor().open('/demo/phone');
    const match = /<bdi dir="ltr">(\d\d)<\/bdi>/.exec(visitor.answer.text)?.[1] ?? '';
    for (const key of `${match}#`) await phone.submit({}, `key=${key}`);
    expect(phone.path).toBe('/demo/phone');
    await visitor.submit({}, 'act=next');
    expect(visitor.path).toBe('/reset/otp-sms');
  });

  test('tells what was answered, each question in the language of the page', async () => {
    const english = await world.visitor({ 'accept-language': 'en' }).open('/');
    const arabic = await world.visitor({ 'accept-language': 'ar' }).open('/');
    expect(arabic.page('html').attr('dir')).toBe('rtl');
    expect(english.text).toContain('What was your first school called?');
    expect(arabic.text).not.toContain('What was your first school called?');
    expect(arabic.text).toContain('ما اسم مدرستك الأولى؟');
    const answerTo = (visitor: typeof english, question: string): string =>
      visitor
        .page('li')
        .filter((_, item) => visitor.page(item).text().includes(question))
        .find('code')
        .text();
    expect(answerTo(arabic, 'ما اسم مدرستك الأولى؟')).not.toBe('');
    expect(answerTo(arabic, 'ما اسم مدرستك الأولى؟')).toBe(answerTo(english, 'What was your first school called?'));
    // What is to be typed stays as it is, and says what it is.
    const answers = arabic
      .page('li code')
      .toArray()
      .map((code) => arabic.page(code).attr());
    expect(answers).toEqual(Array(3).fill({ lang: 'en', dir: 'ltr' }));
  });

  test.each([
    ['another key', { call: 'x', key: 'A' }],
    ['a field more', { call: 'x', key: '#', number: '+447700900999' }],
    ['no call', { key: '#' }],
  ])('refuses %s', async (_what, fields) => {
    const phone = await world.visitor().open('/demo/phone');
    expect((await phone.post('/demo/phone', fields)).status).toBe(400);
  });

  test('shows mail with its link, which can be followed, and nothing in it as anything but text', async () => {
    const address = `${world.origin}/not-me/abc`;
    world.latchkey.mailbox?.arrive('anna.berg@contoso.example', `<b>Hello</b>\n\n${address}\njavascript:alert(1)`);
    const { page } = await world.visitor().open('/demo/phone');
    expect(page('main a[href*="not-me"]').attr('href')).toBe(address);
    expect(page('main b')).toHaveLength(0);
    expect(page('main [href^="javascript"]')).toHaveLength(0);
  });

  test('refuses a key that another site presses', async () => {
    await world.visitor().open('/demo/phone');
    const answer = await world.visitor().ask({ method: 'post', path: '/demo/phone', body: 'call=x&key=%23' });
    expect(answer.status).toBe(403);
  });

  test('does not start in production', async () => {
    const environment = readEnvironment({ LATCHKEY_CONFIG: 'config/latchkey.yaml', NODE_ENV: 'production' });
    const definitions = await loadDefinitions([]);
    expect(() => loadConfiguration(environment, definitions)).toThrow(/directory\.kind.*\n.*keys/);
  });

  test('has no virtual phone page where the directory is a real one', async () => {
    const real = await PortalWorld.open({ chain: ['otp-sms'] });
    try {
      expect((await real.visitor().open('/demo/phone')).status).toBe(404);
      expect((await real.visitor().open('/')).text).not.toContain('anna.berg');
    } finally {
      await real.close();
    }
  });
});
