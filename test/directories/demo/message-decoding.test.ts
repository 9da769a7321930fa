import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import fc from 'fast-check';
import { BerWriter, BindRequest, Control, EqualityFilter, PresenceFilter, SearchRequest } from 'ldapts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MalformedMessage } from '../../../src/directories/demo/ber-elements.ts';
import { type DemoDirectory, startDemoDirectory } from '../../../src/directories/demo/demo-directory.ts';
import { decodeRequest } from '../../../src/directories/demo/message-decoding.ts';
import { MessageFramer, maxMessageBytes } from '../../../src/directories/demo/message-framing.ts';
import { bindCode } from './demo-client.ts';

const search = new SearchRequest({
  messageId: 7,
  baseDN: 'DC=contoso,DC=example',
  scope: 'sub',
  filter: new EqualityFilter({ attribute: 'sAMAccountName', value: 'anna.berg' }),
  attributes: ['cn', 'memberOf'],
}).write();

const bind = new BindRequest({ messageId: 1, dn: 'CONTOSO\\anna.berg', password: 'grün "🦊"' }).write();

/** What the decoder makes of bytes: a request, or that they are malformed. Any other exception fails the test. */
function decoded(bytes: Uint8Array): string {
  try {
    return new MessageFramer()
      .push(Buffer.from(bytes))
      .map((message) => decodeRequest(message).operation.kind)
      .join();
  } catch (fault) {
    if (fault instanceof MalformedMessage) return 'malformed';
    throw fault;
  }
}

describe('reading messages', () => {
  test('understands what ldapts sends', () => {
    expect(decodeRequest(search)).toMatchObject({
      messageId: 7,
      operation: {
        kind: 'search',
        scope: 'sub',
        attributes: ['cn', 'memberOf'],
        filter: { attribute: 'samaccountname' },
      },
    });
    expect(decodeRequest(bind)).toMatchObject({ operation: { kind: 'bind', password: Buffer.from('grün "🦊"') } });
  });

  test('takes messages however they are cut', () => {
    const stream = Buffer.concat([search, bind, search]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 })), (cuts) => {
        const framer = new MessageFramer();
        const found: Buffer[] = [];
        let from = 0;
        for (const cut of [...cuts, stream.length]) {
          found.push(...framer.push(stream.subarray(from, from + cut)));
          from += cut;
        }
        expect(found.map((message) => message.toString('hex'))).toEqual(
          [search, bind, search].map((m) => m.toString('hex')),
        );
      }),
    );
  });

  test('finds nothing worse than malformed in random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void decoded(bytes)),
      { numRuns: 3000 },
    );
  });

  test('finds nothing worse than malformed in spoilt requests', () => {
    const spoilt = fc.tuple(
      fc.constantFrom(search, bind),
      fc.array(fc.tuple(fc.nat(150), fc.nat(255)), { maxLength: 5 }),
    );
    fc.assert(
      fc.property(spoilt, ([message, changes]) => {
        const bytes = Buffer.from(message);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        decoded(bytes);
      }),
      { numRuns: 5000 },
    );
  });

  test('refuses a length beyond the limit before the bytes arrive', () => {
    const header = Buffer.from([0x30, 0x84, 0, 0, 0, 0]);
    header.writeUInt32BE(maxMessageBytes, 2);
    expect(() => new MessageFramer().push(header)).toThrow(MalformedMessage);
    expect(() => new MessageFramer().push(Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]))).toThrow(MalformedMessage);
  });

  test('refuses an element that reaches past the one it lies in', () => {
    const broken = Buffer.from(bind);
    broken[6] = (broken[6] ?? 0) + 1; // the operation claims a byte more than the message has
    expect(decoded(broken)).toBe('malformed');
  });

  test('refuses a filter that is nested without end', () => {
    const writer = new BerWriter();
    for (let depth = 0; depth < 200; depth += 1) writer.startSequence(0xa2);
    writer.writeString('cn', 0x87);
    for (let depth = 0; depth < 200; depth += 1) writer.endSequence();
    const nested = { write: (to: BerWriter) => to.writeBuffer(writer.buffer.subarray(4), 0xa2) };
    const request = new SearchRequest({ messageId: 1, filter: Object.assign(new EqualityFilter(), nested) });
    expect(decoded(request.write())).toBe('malformed');
  });
});

describe('a server that is sent garbage', () => {
  const faults: unknown[] = [];
  let demo: DemoDirectory;
  beforeAll(async () => {
    demo = await startDemoDirectory({ production: false, onFault: (fault) => faults.push(fault) });
  });
  afterAll(() => demo.close());

  function send(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket: TLSSocket = tlsConnect({ port: demo.port, host: '127.0.0.1', ca: demo.ca }, () =>
        socket.write(bytes),
      );
      socket.resume();
      socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? resolve() : reject(error)));
      socket.on('close', () => resolve());
    });
  }

  test('closes that connection, and serves the next', async () => {
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\u0000'.repeat(64)]) await send(Buffer.from(bytes));
    await send(Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]));
    expect(await bindCode(demo, 'CONTOSO\\anna.berg', 'wrong')).toBe('52e');
  });

  test('answers any control value without a fault', async () => {
    const unbind = Buffer.from([0x30, 0x05, 0x02, 0x01, 0x02, 0x42, 0x00]);
    for (const oid of ['1.2.840.113556.1.4.319', '1.2.840.113556.1.4.2239']) {
      const sent = fc.asyncProperty(fc.uint8Array({ maxLength: 20 }), async (value) => {
        const controls = [new RawControl(oid, Buffer.from(value))];
        const request = new SearchRequest({ messageId: 1, filter: new PresenceFilter({ attribute: 'cn' }), controls });
        await send(Buffer.concat([request.write(), unbind]));
      });
      await fc.assert(sent, { numRuns: 10 });
    }
    expect(faults).toEqual([]);
  });
});

class RawControl extends Control {
  readonly #value: Buffer;

  constructor(oid: string, value: Buffer) {
    super(oid, { critical: true });
    this.#value = value;
  }

  override writeControl(writer: BerWriter): void {
    writer.writeBuffer(this.#value, 0x04);
  }
}
