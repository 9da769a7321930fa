import { expect, test } from 'vitest';
import { browserName } from '../../src/web/browser-name.ts';

/** As these browsers sent it in 2026; each claims to be several others. */
const known = {
  'Firefox, Windows': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0',
  'Firefox, iOS':
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/145.0 Mobile/15E148 Safari/605.1.15',
  'Chrome, Android':
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36',
  'Chrome, ChromeOS':
    'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Edge, Windows':
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0',
  'Opera, Linux':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 OPR/124.0.0.0',
  'Safari, macOS':
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
};

test.each(Object.entries(known))('%s is known', (name, userAgent) => {
  expect(browserName(userAgent)).toBe(name);
});

test.each([undefined, '', 'curl/8.14.1', '<script>alert(1)</script>', 'Firefoxes/1 Windowsill'])(
  '%s is nobody’s, and nothing of it goes on',
  (userAgent) => {
    expect(browserName(userAgent)).toBeUndefined();
  },
);

test('what is known in one part is told in one', () => {
  expect(browserName('Firefox/1')).toBe('Firefox');
  expect(browserName('a bot on Windows')).toBe('Windows');
});
