import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsoleWorld } from './world.ts';

let world: ConsoleWorld;

beforeAll(async () => {
  world = await ConsoleWorld.open();
});
afterAll(() => world.close());

describe('whoever signs in to the console', () => {
  test('passes a gate after the password, and stands at the start', async () => {
    const person = await world.staff('administrator');
    const visitor = await world.password(person);
    expect(visitor.path).toBe('/console/otp-sms');
    await world.passFactor(person, visitor);
    expect(visitor.path).toBe('/');
    expect(visitor.heading).toBe('What would you like to do?');
    expect(visitor.page('header .who').text()).toContain('Administrator');
  });
});
